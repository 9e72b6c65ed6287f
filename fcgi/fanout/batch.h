/* SPDX-License-Identifier: MIT */
/* batch.h - consecutive events on their way from the tailer to the fan-out. */
#ifndef FANOUT_BATCH_H
#define FANOUT_BATCH_H

#include <sys/queue.h>

#include <stdbool.h>

#include "fanout/session_follow.h"
#include "queue/queue.h"
#include "wire/frame.h"
#include "wire/loop.h"

#define BATCH_ROWS_MAX 100 /* where a longer read costs no less a row */
#define BATCH_BYTES_MAX 262144

enum batch_kind {
	BATCH_LIVE,      /* what happened behind `after` */
	BATCH_REPLAY,    /* the same, because the fan-out asked for it */
	BATCH_NEW_EPOCH, /* another database is in place */
	BATCH_NEWER      /* a newer program made the database */
};

/*
 * Made by the tailer's thread, then owned by the loop's, which gives it back
 * with batch_done() when all of it is delivered.  The tailer reads on only
 * while few batches are out: what is not delivered yet stays in the log.
 */
struct batch {
	struct loop_mail mail;
	STAILQ_ENTRY(batch) links; /* the fan-out's */
	/* Called with `owner` once the batch is freed; NULL is allowed. */
	void (*done)(void *owner);
	void *owner;
	enum batch_kind kind;
	uint64_t after; /* the position it was read from */
	struct queue_span span;
	struct queue_cursor_key key; /* of BATCH_NEW_EPOCH */
	/* Changes of sessions before any of the events; NULL: none. */
	struct session_changes *sessions;
	size_t n;
	struct frame *frames[BATCH_ROWS_MAX];
};

/* Zeroed; NULL: no memory. */
struct batch *batch_new(void);

/* Free it with its references, then call `done`.  NULL is allowed. */
void batch_done(struct batch *b);

#endif
