/* SPDX-License-Identifier: MIT */
/* publish.h - POST: a publisher sends an update (draft 7, "Publication"). */
#ifndef PUBLISH_H
#define PUBLISH_H

#include "answer.h"

void publish_handle(
    struct answer *a, const struct request *rq, struct context *c);

#endif
