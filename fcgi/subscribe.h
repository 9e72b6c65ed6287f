/* SPDX-License-Identifier: MIT */
/* subscribe.h - GET and HEAD: a subscriber opens a stream (draft 7, "Subscription"). */
#ifndef SUBSCRIBE_H
#define SUBSCRIBE_H

#include "answer.h"

void subscribe_handle(
    struct answer *a, const struct request *rq, struct context *c);

/* The same answer without the stream. */
void subscribe_head(
    struct answer *a, const struct request *rq, struct context *c);

#endif
