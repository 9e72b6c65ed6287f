/* SPDX-License-Identifier: MIT */
/* cgi.h - serves one request as a plain CGI program (RFC 3875). */
#ifndef CGI_H
#define CGI_H

#include <stdbool.h>

#include "endpoint/settings.h"

/* Were we started for one request? */
bool cgi_is_wanted(void);

/* Answer the request of this process's environment and standard input on
 * standard output.  Takes over one reference to `s`. */
void cgi_run(struct settings *s);

#endif
