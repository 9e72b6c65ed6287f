/* SPDX-License-Identifier: MIT */
/* response.h - writes a short CGI response, or the head of a long one. */
#ifndef REQUEST_RESPONSE_H
#define REQUEST_RESPONSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

#define RESPONSE_HEAD_MAX 16384
#define RESPONSE_TEXT "text/plain; charset=utf-8"

/* Status, header lines and body in the making. */
struct response {
	int status;
	const char *type;    /* Content-Type; NULL: no such header */
	const char *caching; /* Cache-Control, likewise */
	bool goes_on;        /* behind its head comes a stream, of any length */
	struct buf head;     /* header lines, each with CRLF */
	struct buf body;
};

/* An empty 200. */
void response_init(struct response *r);

/* Let the body be longer than those of most. */
void response_allow(struct response *r, size_t body_max);

/* Add a header, other than the two above.  A value with CR or LF in it, or of
 * 4,096 bytes and more, never gets further: the response becomes a 500. */
void response_header(struct response *r, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Make it an error with an empty body of this type.  Headers added before
 * stay. */
void response_fail(struct response *r, int status, const char *type);

/* Make it an error: `sentence` becomes the body, as plain text.  Headers
 * added before stay. */
void response_problem(struct response *r, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Did all that was added find room?  ERR_NOMEM, ERR_LIMIT. */
enum err response_error(const struct response *r);

/* Add it all to `out`: "Status: …", headers, blank line and, unless
 * `head_only`, the body.  If it can have one and does not go on, its length is
 * among the headers, so that nobody waits for the end of a program that has
 * more to do.  `out` fails if a part failed. */
void response_write(const struct response *r, bool head_only, struct buf *out);

/* More than it will take. */
size_t response_room(const struct response *r);

void response_free(struct response *r);

#endif
