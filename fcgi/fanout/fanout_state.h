/* SPDX-License-Identifier: MIT */
/* fanout_state.h - what the fan-out's own files share. */
#ifndef FANOUT_FANOUT_STATE_H
#define FANOUT_FANOUT_STATE_H

#include "fanout/counts.h"
#include "fanout/effort.h"
#include "fanout/fanout.h"
#include "fanout/ring.h"
#include "fanout/session_follow.h"
#include "fanout/subscriber_index.h"

STAILQ_HEAD(fanout_batches, batch);

/* How far the delivery of new events has come. */
struct fanout_live {
	struct fanout_batches batches; /* not delivered yet, in order */
	size_t at;                     /* frames of the first that are */
	bool searching;                /* the search for the next one began */
	struct effort effort;
	int64_t real_ms; /* the clock that grants go by, about now */
};

/* The replay that is under way; only one is at a time. */
struct fanout_replay {
	bool asked;          /* for a batch, */
	struct batch *batch; /* this one; NULL: it is not here yet */
	size_t at, to;       /* the rows that are being served */
	struct effort effort;
};

struct fanout {
	struct fanout_settings settings;
	struct subscriber_host host;
	fanout_ask_fn *ask;
	void *ask_arg;
	struct ring *ring;
	struct fanout_live live;
	struct fanout_replay replay;
	struct loop_mail rest; /* work for the next turn of the loop */
	uint64_t floor;        /* the last pruned event that we know of */
	struct session_follow sessions;
	fanout_count_fn *count; /* NULL: viewers are not counted */
	void *count_arg;
	struct counts *counts; /* NULL: nobody has listened yet */
};

/* Deliver a batch to all live subscribers; takes it over.  The rest that is
 * left when the turn's effort is spent is delivered in the next turns;
 * `wholly`: deliver all of it now.  (live.c) */
void fanout_live(struct fanout *f, struct batch *b);
void fanout_live_go_on(struct fanout *f, bool wholly);

/* Bring `s` from its position to the end of the log, as far as its socket
 * and the ring allow.  (replay.c) */
void fanout_catch_up(struct fanout *f, struct subscriber *s);

/* Serve a batch that was asked for to all who wait for it; takes it over.  Then
 * those who are being served, and those who have more to take from the ring,
 * go on as far as the turn's effort allows. */
void fanout_replay(struct fanout *f, struct batch *b);
void fanout_replay_go_on(struct fanout *f);

/* Drop the batch that is being served. */
void fanout_replay_drop(struct fanout *f);

#endif
