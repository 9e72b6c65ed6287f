/* SPDX-License-Identifier: MIT */
/* publish.h - POST: a publisher sends an update (draft 7, "Publication"). */
#ifndef ENDPOINT_PUBLISH_H
#define ENDPOINT_PUBLISH_H

#include "endpoint/endpoint.h"

void publish_handle(
    struct answer *a, const struct request *rq, struct context *c);

#endif
