/* SPDX-License-Identifier: MIT */
/* request.h - what is asked of another server. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "http/answer.h"

#define HTTP_BODY_MAX ((size_t)256 * 1024) /* unless a request says more */

/*
 * Receives the body of a 200 part by part instead of its being stored; the
 * first call comes with the head and without bytes.  Another value than ERR_OK
 * ends the request, which then fails with it and without a sentence.
 */
typedef enum err http_receive_fn(
    void *arg, const struct http_answer *so_far, struct slice bytes);

/* All is borrowed: the body until the answer's end, the rest for the call. */
struct http_request {
	const char *url;    /* http or https, without a user's name */
	const char *method; /* NULL: GET, or POST with a body */
	struct slice body;  /* base NULL: none */
	/* "Name: value" each, the last NULL; NULL: none.  The Content-Type of
	 * a body is that of a form unless one is given. */
	const char *const *headers;
	const char *ca_file; /* authorities to trust; NULL: the system's */
	bool https_only;     /* refuse http */
	/* As browsers do it: by HTTP/2 all on one connection.  Else each has a
	 * connection to itself, so that no request affects another one. */
	bool shares;
	unsigned connect_ms; /* longest wait for a connection; 0: 5 minutes */
	unsigned total_ms;   /* and for the end of the answer; 0: no limit */
	size_t body_max;     /* bytes of the answer; 0: HTTP_BODY_MAX */
	http_receive_fn *receive; /* NULL: the body is stored */
	void *arg;
	/* For http_send(): any thread may set it, and the call ends within a
	 * second.  NULL: it cannot be stopped. */
	const _Atomic bool *stop;
};

/*
 * Would a request take this URL?  ERR_SYNTAX: it is not a URL, or has a user's
 * name or a password.  ERR_UNSUPPORTED: another scheme.  ERR_NOMEM.  The
 * sentence never repeats the URL, which may contain a password.
 */
enum err http_check_url(const char *url, bool https_only, struct problem *p);

#endif
