/* SPDX-License-Identifier: MIT */
/* response.h - a short HTTP response, and the head of a long one, as CGI writes them. */
#ifndef RESPONSE_H
#define RESPONSE_H

#include <stdbool.h>

#include "buf.h"
#include "slice.h"

#define RESPONSE_HEAD_MAX 16384

/* Status, header lines and body in the making. */
struct response {
	int status;
	struct buf head; /* header lines, each with CRLF */
	struct buf body;
};

/* An empty 200. */
void response_init(struct response *r);

/* Add a header.  A value with CR, LF or NUL in it never gets further: the
 * response becomes a 500. */
void response_header(struct response *r, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Make it an error: `sentence` becomes the body, as plain text.  Headers
 * added before stay. */
void response_problem(struct response *r, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Add it all to `out`: "Status: …", headers, blank line and, unless
 * `head_only`, the body.  `out` fails if a part failed. */
void response_write(const struct response *r, bool head_only, struct buf *out);

void response_free(struct response *r);

#endif
