/* SPDX-License-Identifier: MIT */
/* exchange.h - what a client does with libcurl for one request. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/answer.h"
#include "http/library.h"
#include "http/request.h"

/*
 * Set all options for `rq`, and the URL to send, *href, without its fragment;
 * free *href with mem_free() and *headers with slist_free_all(), also on
 * failure.  Errors as of http_check_url().
 */
enum err http_request_prepare(const struct http_request *rq,
    const struct http_library *lib, CURL *curl, char **href,
    struct curl_slist **headers, struct problem *p);

/* Set `err` and `problem` for the end that libcurl reports, with its own words,
 * `detail`. */
void http_answer_fail(struct http_answer *a, CURLcode rc, const char *detail);

/* Set `redirect` for the URL `to`. */
void http_answer_redirect(struct http_answer *a, const char *to);

#endif
