/* SPDX-License-Identifier: MIT */
/* transact.h - several changes of the queue at once: all of them, or none. */
#ifndef QUEUE_TRANSACT_H
#define QUEUE_TRANSACT_H

#include "queue/queue.h"

typedef enum err queue_body_fn(struct queue *q, void *arg);

/*
 * QUEUE_WRITE: run `body` in a transaction.  If it returns ERR_OK, all its
 * changes are committed, and rows above the limits of their kind are removed;
 * otherwise nothing has changed, and its value is returned.  `body` may run
 * again, when another database turns out to be at the path, so it sets its
 * results in `arg` each time.  It reads and writes by the functions whose
 * comment says "in a transaction"; where one of those fails, it returns the
 * value at once.  For other failures it returns a value, whose text goes into
 * the problem.  Errors as of queue_append(), and those of `body`.
 */
enum err queue_transact(
    struct queue *q, queue_body_fn *body, void *arg, struct problem *p);

/* In a transaction: the time of its start (real clock, ms). */
int64_t queue_now_ms(const struct queue *q);

/* In a transaction: append this update.  Readers of the hub's own updates are
 * notified by queue_notify_soon(), others by queue_wake(). */
enum err queue_insert(struct queue *q, const struct update *u);

#endif
