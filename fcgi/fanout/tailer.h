/* SPDX-License-Identifier: MIT */
/* tailer.h - the thread that reads new and missed events from the log. */
#ifndef FANOUT_TAILER_H
#define FANOUT_TAILER_H

#include <stdbool.h>
#include <stdint.h>

#include "fanout/batch.h"

struct tailer;

/* Called in the loop's thread for each batch, in order.  Takes the batch over,
 * and calls batch_done() before tailer_free(). */
typedef void tailer_batch_fn(void *arg, struct batch *b);

struct tailer_settings {
	struct queue_settings queue;
	enum framing framing;
	struct loop *loop;
	tailer_batch_fn *batch;
	void *arg;
};

/*
 * Open the queue and start the thread.  The first batch is empty: it has
 * the epoch and the end of the log as they are now.  Errors as of
 * queue_open().
 */
enum err tailer_start(
    struct tailer **out, const struct tailer_settings *s, struct problem *p);

/* Loop thread: have what lies behind `after` read from the database; a
 * fanout_ask_fn.  One question at a time. */
void tailer_ask(void *tailer, uint64_t after);

/* Loop thread: join the reading thread.  Batches it has posted still use the
 * tailer: tailer_free() comes after the loop has opened them.  NULL is
 * allowed for both. */
void tailer_stop(struct tailer *t);
void tailer_free(struct tailer *t);

#endif
