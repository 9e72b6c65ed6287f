/* SPDX-License-Identifier: MIT */
/* http.h - one request to another server, and its whole answer. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define HTTP_WANTED_MAX 8         /* headers of an answer */
#define HTTP_HEAD_MAX (64 * 1024) /* bytes of all its headers */

/* All is borrowed for the length of the call. */
struct http_request {
	const char *url;     /* http or https, without a user's name */
	bool https_only;     /* refuse http */
	struct slice body;   /* base NULL: a GET, else a POST */
	const char *ca_file; /* whom to trust; NULL: whom the system trusts */
	unsigned connect_ms; /* longest wait for a connection */
	unsigned total_ms;   /* and for the end of the answer; 0: no limit */
	size_t body_max;     /* bytes of the answer's body */
	/* "Name: value" each, the last NULL; NULL: none.  The Content-Type of
	 * a body is that of a form unless one is given. */
	const char *const *headers;
	/* Names of headers whose values are wanted, the last NULL; NULL: none. */
	const char *const *wanted;
	/*
	 * Takes the body of a 200 bit by bit, instead of its being kept, and
	 * nothing when its head is there; `type` is its Content-Type (NULL:
	 * none).  Another value than ERR_OK
	 * ends the request, which then fails with it and without a sentence.
	 * NULL: it is kept.
	 */
	enum err (*take)(void *arg, const char *type, struct slice bytes);
	void *arg;
	/* Any thread may set it: give up within a second.  NULL: nobody will. */
	const _Atomic bool *stop;
};

struct http_answer {
	int status; /* as it came: also 404 or 500 */
	struct buf body;
	/* Of the headers in `wanted`, in its order: the values, with ", "
	 * between several (RFC 9110, 5.3); NULL: there is none. */
	char *header[HTTP_WANTED_MAX];
};

/*
 * Send the request and wait for the answer; any thread, but never the loop's.
 * Redirects are not followed, and neither the environment's proxies (a web
 * server makes HTTP_PROXY of a stranger's header Proxy) nor .netrc are looked
 * at.  The caller frees *out with http_answer_free().
 *
 * ERR_SYNTAX: no URL, or one with a user's name.  ERR_UNSUPPORTED: another
 * scheme; libcurl is not installed; a redirect: the problem says where it leads.  ERR_LIMIT: a longer
 * answer.  ERR_IO: no connection, no whole answer in time, a certificate that
 * is not trusted, no HTTP.  ERR_NOMEM.  The problem names the URL without its
 * query and what may mend it; *out is untouched.
 */
enum err http_send(
    struct http_answer *out, const struct http_request *rq, struct problem *p);

/* Would http_send() take this URL?  Errors and problems as its. */
enum err http_check_url(const char *url, bool https_only, struct problem *p);

void http_answer_free(struct http_answer *a); /* a zeroed one is allowed */

#endif
