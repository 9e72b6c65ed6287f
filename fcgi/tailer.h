/* SPDX-License-Identifier: MIT */
/* tailer.h - the thread that reads the log: what is new, and what somebody missed. */
#ifndef TAILER_H
#define TAILER_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "loop.h"
#include "queue.h"
#include "session_changes.h"

struct tailer;

#define TAILER_ROWS_MAX 100 /* where a longer read costs no less a row */
#define TAILER_BYTES_MAX 262144

/* Consecutive events, encoded and framed. */
struct batch {
	struct loop_mail mail;
	struct tailer *tailer;
	bool replay;         /* asked for by tailer_ask() */
	bool drain;          /* the database is a newer program's: end */
	struct cursor after; /* the position it was read from */
	struct queue_span span;
	bool too_early; /* the tailer's: changes of sessions come first */
	bool new_epoch; /* `key` is set: another database is in place */
	struct queue_cursor_key key;
	/* What was changed of sessions before any of the events; NULL: nothing. */
	struct session_changes *sessions;
	size_t n;
	struct frame *frames[TAILER_ROWS_MAX];
};

/* Called in the loop's thread for each batch, in order; the batch and its
 * references are freed afterwards. */
typedef void tailer_batch_fn(void *arg, struct batch *b);

struct tailer_settings {
	struct queue_settings queue;
	enum framing framing;
	struct loop *loop;
	tailer_batch_fn *batch;
	void *arg;
};

/*
 * Open the queue and start the thread.  The first batch is empty: it tells
 * the epoch and the end of the log as they are now.  Errors as of
 * queue_open().
 */
enum err tailer_start(
    struct tailer **out, const struct tailer_settings *s, struct fault *f);

/* Loop thread: have what lies behind `after` read from the database.  One
 * question at a time. */
void tailer_ask(struct tailer *t, struct cursor after);

/* Loop thread: join the reading thread.  Batches it has posted still use the
 * tailer: tailer_free() comes after the loop has opened them.  NULL is
 * allowed for both. */
void tailer_stop(struct tailer *t);
void tailer_free(struct tailer *t);

#endif
