/* SPDX-License-Identifier: MIT */
/* transact.c - runs a body in a transaction, and counts the rows it appends. */
#include "queue/transact.h"

#include "base/clock.h"
#include "queue/backend.h"

#define ROW_BYTES 64 /* of a row, beside its texts */

struct attempt {
	queue_body_fn *body;
	void *arg;
};

static enum err
run(struct queue *q, void *arg)
{
	const struct attempt *a = arg;
	enum err e;

	q->written = (struct queue_written){ .now_ms = clock_real_ms() };
	e = a->body(q, a->arg);
	return e == ERR_OK ? queue_retain(q) : e;
}

enum err
queue_transact(
    struct queue *q, queue_body_fn *body, void *arg, struct problem *p)
{
	struct attempt a = { body, arg };
	enum err e = q->backend->admin->transact(q, run, &a, p);

	if (e == ERR_OK)
		queue_notify_later(q);
	return e;
}

int64_t
queue_now_ms(const struct queue *q)
{
	return q->written.now_ms;
}

static int64_t
bytes_of(const struct update *u)
{
	const size_t n =
	    ROW_BYTES + u->topics.len + u->id.len + u->type.len + u->data.len;

	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

enum err
queue_insert(struct queue *q, const struct update *u)
{
	struct queue_count *c = &q->written.counts[u->kind];
	const int64_t bytes = bytes_of(u);
	uint64_t at = 0;
	enum err e =
	    q->backend->log->insert(q, u, bytes, q->written.now_ms, &at);

	if (e != ERR_OK)
		return e;
	if (q->written.first == 0)
		q->written.first = at;
	c->rows++;
	c->bytes += bytes;
	return ERR_OK;
}
