/* SPDX-License-Identifier: MIT */
/* exchange.h - one request and its answer. */
#ifndef HUB_EXCHANGE_H
#define HUB_EXCHANGE_H

#include "endpoint/endpoint.h"
#include "hub/connection.h"
#include "hub/publish_thread.h"
#include "hub/worker.h"
#include "wire/loop.h"
#include "wire/request_buffer.h"

/* What every exchange needs; owner: main thread. */
struct exchange_parts {
	struct hub *hub;
	struct workers *workers;
	struct publish_thread *publisher;
	size_t subscribers_max;
	struct request_buffer_room buffer_room;
};

/* A request that is there to its end. */
struct whole_request {
	uint16_t id;
	bool keep;  /* its connection is used again after a short answer */
	size_t len; /* bytes of it in the connection's socket, or */
	struct request_buffer *buffer; /* all of them; NULL: in the socket */
};

/*
 * Have a worker answer a request.  The exchange owns the connection and the
 * buffer from now on, and frees itself.  Loop thread.
 */
void exchange_start(struct exchange_parts *p, struct connection *c,
    const struct whole_request *w);

/* Answer request `id` with `status` without reading it.  Loop thread. */
void exchange_refuse(struct exchange_parts *p, struct connection *c,
    uint16_t id, int status, const char *sentence);

#endif
