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

/*
 * Have a worker answer request `id`, which is whole and waits in the
 * connection's socket, or in `buffer` if that is not NULL.  The exchange owns
 * the connection and the buffer from now on, and frees itself.  Loop thread.
 */
void exchange_start(struct exchange_parts *p, struct connection *c, uint16_t id,
    struct request_buffer *buffer);

/* Answer request `id` with `status` without reading it.  Loop thread. */
void exchange_refuse(struct exchange_parts *p, struct connection *c,
    uint16_t id, int status, const char *sentence);

#endif
