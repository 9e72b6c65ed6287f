/* SPDX-License-Identifier: MIT */
/* subscriptions.h - GET and HEAD of the subscription API (draft 7, "Subscription API"). */
#ifndef SUBSCRIPTIONS_H
#define SUBSCRIPTIONS_H

#include "answer.h"

/* An endpoint_fn for the path behind the hub's own, "/subscriptions…". */
void subscriptions_handle(
    struct answer *a, const struct request *rq, struct context *c);

#endif
