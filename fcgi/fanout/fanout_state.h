/* SPDX-License-Identifier: MIT */
/* fanout_state.h - what the fan-out's own files share. */
#ifndef FANOUT_FANOUT_STATE_H
#define FANOUT_FANOUT_STATE_H

#include "fanout/effort.h"
#include "fanout/fanout.h"
#include "fanout/position_frame.h"
#include "fanout/ring.h"
#include "fanout/subscriber_list.h"

TAILQ_HEAD(fanout_turns, subscriber);
STAILQ_HEAD(fanout_batches, batch);

#define FANOUT_RECENT 64

/* A change of a session that was applied. */
struct fanout_recent {
	uint64_t number;
	uint8_t token[GRANT_TOKEN_SIZE];
};

struct fanout {
	struct fanout_settings settings;
	struct tailer *tailer;
	struct ring *ring;
	struct subscriber_list *list;
	TAILQ_HEAD(, subscriber) all;
	struct fanout_turns turns[FANOUT_TURNS];
	struct fanout_batches live;  /* not delivered yet, in order */
	size_t live_at;              /* frames of the first that are */
	bool searching;              /* the search for the next one began */
	bool asked;                  /* a replay is under way: */
	struct batch *replay;        /* this one; NULL: not here yet */
	size_t replay_at, replay_to; /* the rows that are being served */
	struct loop_mail next_turn;
	bool turn_posted;
	struct effort live_effort, replay_effort;
	int64_t real_ms; /* the clock that grants go by, about now */
	uint64_t floor;  /* the last pruned event that we know of */
	uint64_t tail;   /* live subscribers have everything up to here */
	struct control control;
	struct fanout_counts counts;
	struct fanout_recent recent[FANOUT_RECENT]; /* a ring */
	size_t recent_n;
	uint64_t recent_floor; /* the last one that is not in there */
};

/* One subscriber's moves.  (fanout_moves.c) */

/* Move `s` to the end of a list; a subscriber is in one at a time. */
void fanout_turn(struct subscriber *s, enum fanout_turn turn);
void fanout_leave(struct subscriber *s);

/* Everything up to here is queued or written. */
uint64_t fanout_position(const struct subscriber *s);

/* Queue a frame, room or not; an event moves the position. */
void fanout_queue(struct subscriber *s, struct frame *frame);

/* Queue an event.  False: its socket takes no more; fanout_lag() is due. */
bool fanout_push(struct subscriber *s, struct frame *frame);

/* From now on it keeps nothing but its position. */
void fanout_lag(struct subscriber *s);

/* On silence: the position if it is news, else just a sign of life. */
void fanout_keep_alive(struct subscriber *s);

/* Take `s` out of everything; its stream is left to the caller. */
void fanout_forget(struct subscriber *s);

/* End it, with its position. */
void fanout_close(struct subscriber *s);

/* End the response of one that will be back: others do not hear of it.  One
 * that does not drain is just closed. */
void fanout_pause(struct subscriber *s, uint32_t retry_ms);

/* It has all there is now.  One that drains ends here, if there was anything
 * for it; else what is queued is written. */
void fanout_round_over(struct subscriber *s);

/* Was something pruned that `s` has not got yet? */
bool fanout_is_lost(const struct subscriber *s, uint64_t floor);

/* End such a one: without a position, so that its next request is answered
 * with "earliest". */
void fanout_end_lost(struct subscriber *s);

/* Bring `s` from its position to the end of the log, as far as its socket
 * and the ring allow.  (fanout_replay.c) */
void fanout_catch_up(struct fanout *f, struct subscriber *s);

/* Is its time up by the clock that grants go by? */
bool fanout_is_expired(const struct subscriber *s);

/* There is work left for the next round of the loop. */
void fanout_post_turn(struct fanout *f);

/* Give it another grant, by which it may have to end sooner or later.  False:
 * it must end now.  (fanout.c) */
bool fanout_regrant(struct subscriber *s, struct grant *g);

/* Let open streams follow the changes.  Was one applied that this grant of a
 * session does not know?  Another database, whose changes up to `number`
 * nobody applies: all who go by a session end.  (fanout_sessions.c) */
void fanout_sessions(struct fanout *f, const struct session_changes *c);
bool fanout_is_outdated(const struct fanout *f, const struct grant *g);
void fanout_sessions_over(struct fanout *f, uint64_t number);

/* Deliver a batch to all live subscribers; takes it over.  The rest that is
 * left when the round's effort is spent is delivered in the next rounds;
 * `wholly`: deliver all of it now.  (fanout_live.c) */
void fanout_live(struct fanout *f, struct batch *b);
void fanout_live_go_on(struct fanout *f, bool wholly);

/* Serve a batch that was asked for to all who wait for it; takes it over.  Then
 * those who are being served, and those who have more to take from the ring,
 * go on as far as the round's effort allows.  (fanout_replay.c) */
void fanout_replay(struct fanout *f, struct batch *b);
void fanout_replay_go_on(struct fanout *f);

/* Drop the batch that is being served. */
void fanout_replay_drop(struct fanout *f);

#endif
