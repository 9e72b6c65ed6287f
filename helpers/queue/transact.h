/* SPDX-License-Identifier: MIT */
/* transact.h - reads and writes rows as one change; for queue*.c only. */
#ifndef QUEUE_TRANSACT_H
#define QUEUE_TRANSACT_H

#include "base/err.h"

struct queue;

/*
 * What happens in a transaction: calls of row primitives (ops.h).  It may run
 * again, so it begins by setting all that it leaves in `arg`.  On failure its
 * sentence is in `p`.
 */
typedef enum err queue_body(struct queue *q, void *arg, struct problem *p);

/*
 * QUEUE_WRITE: run `body`; all that it has written is there afterwards, or
 * nothing, if it or the transaction failed.  Errors as of queue_append(), and
 * those of `body`.
 */
enum err queue_transact(
    struct queue *q, queue_body *body, void *arg, struct problem *p);

#endif
