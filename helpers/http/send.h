/* SPDX-License-Identifier: MIT */
/* send.h - one request to another server, and its whole answer. */
#ifndef HTTP_SEND_H
#define HTTP_SEND_H

#include "http/answer.h"
#include "http/request.h"

/*
 * Send the request with a client that lives for it alone, and wait for the
 * answer; any thread, but never the loop's.  The caller frees *out with
 * http_answer_free().
 *
 * ERR_SYNTAX: not a URL, or one with a user's name.  ERR_UNSUPPORTED: another
 * scheme; libcurl is not installed; a redirect, and the sentence says where it
 * leads.  ERR_LIMIT: a longer answer.  ERR_IO: no connection, no whole answer
 * in time, a certificate that is not trusted, no HTTP.  ERR_NOMEM.  Others: of
 * the receiver.  The sentence names the URL without its query, and how to fix
 * it; *out is untouched.
 */
enum err http_send(
    struct http_answer *out, const struct http_request *rq, struct problem *p);

#endif
