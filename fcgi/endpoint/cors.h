/* SPDX-License-Identifier: MIT */
/* cors.h - which other origins may read answers or publish by cookie. */
#ifndef ENDPOINT_CORS_H
#define ENDPOINT_CORS_H

#include <stdbool.h>

#include "endpoint/settings.h"
#include "request/request.h"
#include "request/response.h"

/* Add the headers that let a listed origin (exact match, never reflected
 * otherwise) read the answer with credentials; Vary: Origin always. */
void cors_answer(
    struct response *r, const struct request *rq, const struct settings *s);

/* Add what a preflight request asks for, if its origin is listed. */
void cors_preflight(struct response *r, const struct request *rq,
    const struct settings *s, const char *methods);

/* May this request publish by its cookie alone?  Draft 7, "Security
 * Considerations": its Origin, else its Referer, is the hub's own or listed
 * for publishing; false without either. */
bool cors_may_publish(const struct request *rq, const struct settings *s);

#endif
