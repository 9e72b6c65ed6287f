/* SPDX-License-Identifier: MIT */
/* append.c - appends updates. */
#include "base/clock.h"
#include "queue/backend.h"
#include "queue/transact.h"

struct appending {
	const struct update *const *updates;
	size_t n;
};

static enum err
append(struct queue *q, void *arg)
{
	const struct appending *a = arg;
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < a->n; i++)
		e = queue_insert(q, a->updates[i]);
	q->written.ages = a->n == 0 || clock_mono_ms() >= q->ages_due_ms;
	return e;
}

enum err
queue_append(struct queue *q, const struct update *const *updates, size_t n,
    struct problem *p)
{
	struct appending a = { updates, n };

	return queue_transact(q, append, &a, p);
}
