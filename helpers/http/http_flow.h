/* SPDX-License-Identifier: MIT */
/* http_flow.h - several requests at once, whose answers are seen as they come. */
#ifndef HTTP_HTTP_FLOW_H
#define HTTP_HTTP_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define HTTP_FLOW_BODY_MAX (256 * 1024) /* bytes of one answer that are kept */
#define HTTP_FLOW_MARKS_MAX 256

struct http_flow; /* owner: one thread */

/* All is borrowed: the body until the answer's end, the rest for the call. */
struct http_ask {
	const char *url;    /* as for http_send() */
	const char *method; /* NULL: GET, or POST with a body */
	struct slice body;  /* base NULL: none */
	/* "Name: value" each, the last NULL; NULL: none. */
	const char *const *headers;
	/* As browsers do it: by HTTP/2 all on one connection.  Else one of its
	 * own, which tells nothing of other requests. */
	bool shares;
};

/* Up to `end`, the body had come at `ms`. */
struct http_mark {
	int64_t ms;
	size_t end;
};

/* What came of a request so far; times are clock_mono_ms(), 0: not yet. */
struct http_seen {
	int64_t asked_ms, head_ms, end_ms;
	int status;      /* 0: no head yet */
	int version;     /* 10, 11, 20, 30 */
	unsigned port;   /* our side's: it tells connections apart */
	struct buf head; /* the last one, its lines as they came */
	struct buf body; /* all of it: a longer one is an end */
	struct http_mark marks[HTTP_FLOW_MARKS_MAX]; /* the last one grows */
	size_t marks_n;
	bool whole; /* ended as HTTP wants it */
	/* How it ended if not: ERR_IO, ERR_LIMIT, ERR_NOMEM. */
	enum err err;
	struct problem problem; /* without the URL */
};

/*
 * Load libcurl; `ca_file` (borrowed) as for http_send().  Free *out with
 * http_flow_free().  ERR_UNSUPPORTED: no libcurl.  ERR_NOMEM.
 */
enum err http_flow_new(
    struct http_flow **out, const char *ca_file, struct problem *p);

/*
 * Begin a request; *seen is the flow's, and lasts as long as it does.
 * ERR_SYNTAX, ERR_UNSUPPORTED: as of http_check_url().  ERR_NOMEM.
 */
enum err http_flow_ask(struct http_flow *w, const struct http_seen **seen,
    const struct http_ask *ask, struct problem *p);

/*
 * Let all requests go on until `enough` says so (NULL: never), or until
 * clock_mono_ms() is `until_ms`.  True: there was enough.
 */
bool http_flow_wait(struct http_flow *w, bool (*enough)(void *arg), void *arg,
    int64_t until_ms);

/* Hang up.  What was seen stays; NULL, and one that has ended, are allowed. */
void http_flow_stop(struct http_flow *w, const struct http_seen *seen);

/* Has an answer been lost for want of memory? */
bool http_flow_is_starved(const struct http_flow *w);

/* Hang up all and free; NULL is allowed. */
void http_flow_free(struct http_flow *w);

/* When had the first `end` bytes of the body come?  0: not yet. */
int64_t http_seen_at(const struct http_seen *s, size_t end);

#endif
