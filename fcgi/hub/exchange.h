/* SPDX-License-Identifier: MIT */
/* exchange.h - one request from accept to answer. */
#ifndef HUB_EXCHANGE_H
#define HUB_EXCHANGE_H

#include <sys/queue.h>

#include "endpoint/endpoint.h"
#include "hub/hub.h"
#include "hub/publish_thread.h"
#include "hub/worker.h"
#include "wire/loop.h"
#include "wire/request_buffer.h"

struct acceptor;

/* What every exchange needs; owner: main thread. */
struct exchange_parts {
	struct hub *hub;
	struct workers *workers;
	struct publish_thread *publisher;
	size_t subscribers_max;
	struct request_buffer_room buffer_room;
};

/*
 * The loop owns the descriptor all the time; a worker borrows it.  Begins
 * watched by the loop for the acceptor, becomes a stream or is closed.
 */
struct exchange {
	struct loop_watch watch; /* the descriptor, */
	bool watched;            /* unless all was there at once */
	struct loop_timer timer; /* what is missing must be there by then */
	struct {
		TAILQ_ENTRY(exchange) links;
		struct acceptor *in;
		int64_t deadline_ms, buffering_ms;
		bool body_only; /* the parameters are complete */
	} arrival;              /* the acceptor's, until exchange_start() */
	struct exchange_parts *parts;
	/* NULL: the request waits in the socket. */
	struct request_buffer *buffer;
	struct worker_job job;
	struct loop_mail mail;          /* from the worker */
	struct pending_publish pending; /* its mail comes from the commit */
	struct answer answer;
	uint16_t id;
	bool head_only;
};

/* NULL: no memory.  `fd` is then still the caller's. */
struct exchange *exchange_new(struct exchange_parts *p, int fd);

/* The request can be read: let a worker answer it.  From now on the
 * exchange takes care of itself.  Loop thread. */
void exchange_start(struct exchange *x);

/* Answer `status` without reading the request, whose id is x->id. */
void exchange_refuse(struct exchange *x, int status, const char *sentence);

/* Close without an answer. */
void exchange_drop(struct exchange *x);

#endif
