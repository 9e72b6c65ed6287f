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

struct intake;

/* What every exchange needs; owner: main thread. */
struct exchange_parts {
	struct hub *hub;
	struct workers *workers;
	struct commit *commit;
	size_t subscribers_max;
	struct spool_room spool_room;
};

/*
 * The loop owns the descriptor all the time; a worker borrows it.  Begins
 * watched by the loop for intake, becomes a stream or is closed.
 */
struct exchange {
	struct loop_watch watch; /* the descriptor, */
	bool watched;            /* unless all was there at once */
	struct loop_timer timer; /* what is missing must be there by then */
	struct {
		TAILQ_ENTRY(exchange) links;
		struct intake *in;
		int64_t deadline_ms, spooled_ms;
		bool body_only; /* the parameters are complete */
	} arrival;              /* intake's, until exchange_start() */
	struct exchange_parts *parts;
	struct spool *spool; /* NULL: the request waits in the socket */
	struct worker_job job;
	struct loop_mail mail;      /* from the worker */
	struct commit_entry commit; /* its mail comes from the commit */
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
