/* SPDX-License-Identifier: MIT */
/* client.h - requests whose answers are seen as they come, several at once. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "http/answer.h"
#include "http/request.h"

struct http_client; /* owner: one thread */

/* Load libcurl.  Free *out with http_client_free().  ERR_UNSUPPORTED: there is
 * no libcurl.  ERR_NOMEM. */
enum err http_client_new(struct http_client **out, struct problem *p);

/*
 * Begin a request; *answer is the client's, and lasts as long as the client
 * does.  Redirects are not followed.  Neither the environment's proxies (a web
 * server makes HTTP_PROXY of the header Proxy of any request) nor .netrc are
 * used.  ERR_SYNTAX, ERR_UNSUPPORTED: as of http_check_url().  ERR_NOMEM.
 */
enum err http_client_ask(struct http_client *c,
    const struct http_answer **answer, const struct http_request *rq,
    struct problem *p);

/*
 * Let all requests go on until `enough` returns true (NULL: never; it is asked
 * five times a second at least), or until clock_mono_ms() is `until_ms`.
 * True: there was enough.
 */
bool http_client_wait(struct http_client *c, bool (*enough)(void *arg),
    void *arg, int64_t until_ms);

/* Hang up, without waiting for a name server.  The answer so far stays; NULL,
 * and one that has ended, are allowed. */
void http_client_stop(struct http_client *c, const struct http_answer *answer);

/* Hang up, and move the answer to *out; the client's is empty then. */
void http_client_move(struct http_client *c, const struct http_answer *answer,
    struct http_answer *out);

/* Was an answer lost because memory ran out? */
bool http_client_is_starved(const struct http_client *c);

/* Read the value of a header such as Date as seconds since 1970; false, and
 * *out untouched: it is not a date. */
bool http_client_date(
    const struct http_client *c, int64_t *out, struct slice text);

/* Hang up all and free; NULL is allowed. */
void http_client_free(struct http_client *c);

#endif
