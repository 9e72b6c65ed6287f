/* SPDX-License-Identifier: MIT */
/* fanout.h - delivers events: live, from memory, or from the log. */
#ifndef FANOUT_FANOUT_H
#define FANOUT_FANOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fanout/batch.h"
#include "fanout/counts.h"
#include "fanout/subscriber.h"

/*
 * Owner: loop thread.  The queue is the buffer: a subscriber is a position in
 * the log.  One that keeps up gets each event as it comes.  One that does not
 * holds nothing but its position; it goes on from the ring of recent events
 * or, below that, from batches which the tailer reads and which serve all that
 * wait for the same stretch.  Matching takes about a millisecond of a turn
 * of the loop at most (effort.h), live and replay each; the rest is posted.
 */
struct fanout;

struct fanout_settings {
	struct loop *loop;
	enum framing framing;
	size_t ring_bytes_max;
	size_t effort; /* steps of a turn (effort.h); 0: as usual */
	/* A newer program made the database: this one has to end. */
	void (*newer)(void *arg);
	void *arg;
};

enum err fanout_new(struct fanout **out, const struct fanout_settings *s);

/* How the fan-out asks for what lies behind `after`; one question at a time, to
 * which a batch of the kind BATCH_REPLAY is the answer.  Call it before the
 * loop runs. */
typedef void fanout_ask_fn(void *arg, uint64_t after);
void fanout_on_ask(struct fanout *f, fanout_ask_fn *ask, void *arg);

/* How the numbers of viewers are counted; without the call none are sent. */
void fanout_on_count(struct fanout *f, fanout_count_fn *count, void *arg);

/* Deliver a batch; a tailer_batch_fn, whose `arg` is the fanout.  It may keep
 * the batch for some turns of the loop, at most until fanout_free(). */
void fanout_batch(void *arg, struct batch *b);

/*
 * Open an event stream: from now on it gets every matching event behind
 * o->at, in order, once.  Takes over both.
 */
void fanout_open(
    struct fanout *f, struct subscriber_opening *o, struct stream *stream);

/* End those which `holds` (NULL: all) denies, each with its position. */
typedef bool fanout_holds_fn(void *arg, const struct subscriber *s);
void fanout_end(struct fanout *f, fanout_holds_fn *holds, void *arg);

/*
 * End those that came first until `left` are there, each with a position
 * and the request to come back at a random moment of the `spread_ms` behind its
 * usual delay.
 */
void fanout_reduce(struct fanout *f, size_t left, uint32_t spread_ms);

/* How many event streams are open. */
size_t fanout_subscribers(const struct fanout *f);

/* All subscribers are ended.  NULL is allowed. */
void fanout_free(struct fanout *f);

#endif
