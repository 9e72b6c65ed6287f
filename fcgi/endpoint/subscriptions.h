/* SPDX-License-Identifier: MIT */
/* subscriptions.h - the subscription API (draft 7, "Subscription API"). */
#ifndef ENDPOINT_SUBSCRIPTIONS_H
#define ENDPOINT_SUBSCRIPTIONS_H

#include "endpoint/endpoint.h"

/* An endpoint_fn for the path behind the hub's own, "/subscriptions…". */
void subscriptions_handle(
    struct answer *a, const struct request *rq, struct context *c);

#endif
