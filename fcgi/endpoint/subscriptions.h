/* SPDX-License-Identifier: MIT */
/* subscriptions.h - the subscription API (draft 7, "Subscription API"). */
#ifndef ENDPOINT_SUBSCRIPTIONS_H
#define ENDPOINT_SUBSCRIPTIONS_H

#include "endpoint/endpoint.h"

/* Answer GET and HEAD of SUBSCRIPTION_PATH and the paths below it. */
void subscriptions_handle(
    struct answer *a, const struct request *rq, struct context *c);

#endif
