/* SPDX-License-Identifier: MIT */
/* authority.h - credentials, host and port of a URL; for url.c. */
#ifndef URL_AUTHORITY_H
#define URL_AUTHORITY_H

#include "url/write.h"

/* Write what `text`, behind the slashes and up to the path, spells: the
 * "authority", "host" and "port" states of section 4.4.  Errors as
 * url_parse()'s, but for those of the writer's buffer. */
enum err url_authority_write(struct url_writer *w, struct slice text);

/* The same for a file URL ("file host state"): a host alone, and
 * "localhost" is none. */
enum err url_authority_write_file(struct url_writer *w, struct slice text);

/* An authority with an empty host. */
void url_authority_write_empty(struct url_writer *w);

#endif
