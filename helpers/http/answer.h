/* SPDX-License-Identifier: MIT */
/* answer.h - what came of a request, and when. */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define HTTP_HEAD_MAX (64 * 1024) /* bytes of all headers */
#define HTTP_MARKS_MAX 256
#define HTTP_SHOWN_MAX 120 /* bytes of a URL in a sentence */

/* Up to `end`, the body had come at `ms`. */
struct http_mark {
	int64_t ms;
	size_t end;
};

/* Of an answer that may not be whole yet; times are clock_mono_ms(), 0: not
 * yet. */
struct http_answer {
	int64_t asked_ms, head_ms, end_ms;
	int status;      /* as it came, also 404 or 500; 0: no head yet */
	int version;     /* 10, 11, 20, 30 */
	unsigned port;   /* our side's: it distinguishes connections */
	struct buf head; /* its lines as they came; see http_field() */
	struct buf body; /* a longer one than is allowed ends the answer */
	struct http_mark marks[HTTP_MARKS_MAX]; /* the last one grows */
	size_t marks_n;
	/* Where a redirect leads, for a sentence: without a query, a user's
	 * name and a password.  "": it is not a redirect. */
	char redirect[HTTP_SHOWN_MAX];
	bool whole; /* ended as HTTP requires */
	/* How it ended if not: ERR_IO, ERR_LIMIT, ERR_NOMEM, or what the
	 * receiver of the body returned, then without a sentence. */
	enum err err;
	struct problem problem; /* does not name the URL */
};

/* The value of the `nth` header (from 0) of this name, in any case, borrowed;
 * base NULL: there is none. */
struct slice http_field(
    const struct http_answer *a, const char *name, size_t nth);

/* When had the first `end` bytes of the body come?  0: not yet. */
int64_t http_answer_ms(const struct http_answer *a, size_t end);

void http_answer_free(struct http_answer *a); /* a zeroed one is allowed */

#endif
