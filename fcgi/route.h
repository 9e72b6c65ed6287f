/* SPDX-License-Identifier: MIT */
/* route.h - which endpoint answers which method on which path. */
#ifndef ROUTE_H
#define ROUTE_H

#include "answer.h"

/* Fill *a (zeroed, response_init() done) for `rq`. */
void route_request(
    struct answer *a, const struct request *rq, struct context *c);

#endif
