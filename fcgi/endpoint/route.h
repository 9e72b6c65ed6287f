/* SPDX-License-Identifier: MIT */
/* route.h - which endpoint answers which method on which path. */
#ifndef ENDPOINT_ROUTE_H
#define ENDPOINT_ROUTE_H

#include "endpoint/endpoint.h"

/* Fill *a (zeroed, response_init() done) for `rq`. */
void route_request(
    struct answer *a, const struct request *rq, struct context *c);

#endif
