/* SPDX-License-Identifier: MIT */
/* subscribe.h - GET and HEAD that open a stream (draft 7, "Subscription"). */
#ifndef ENDPOINT_SUBSCRIBE_H
#define ENDPOINT_SUBSCRIBE_H

#include "endpoint/endpoint.h"

void subscribe_handle(
    struct answer *a, const struct request *rq, struct context *c);

/* The same answer without the stream. */
void subscribe_head(
    struct answer *a, const struct request *rq, struct context *c);

#endif
