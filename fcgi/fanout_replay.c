/* SPDX-License-Identifier: MIT */
/* fanout_replay.c - brings those who lag to the end of the log. */
#include "container.h"
#include "fanout_state.h"

/* What one subscriber does before the others have their turn: looking at an
 * event costs one, and one for each of its matchers. */
#define RING_TURN 1024

/* Ask for the stretch that whoever waits longest needs. */
static void
ask(struct fanout *f)
{
	struct subscriber *s = TAILQ_FIRST(&f->turns[FANOUT_TURN_BATCH]);

	if (s == NULL || f->asked)
		return;
	f->asked = true;
	tailer_ask(f->tailer, s->at);
}

void
fanout_next_turn(struct loop_mail *m)
{
	struct fanout *f = CONTAINER(struct fanout, next_turn, m);
	struct fanout_turns now = TAILQ_HEAD_INITIALIZER(now);
	struct subscriber *s;

	f->turn_posted = false;
	TAILQ_CONCAT(&now, &f->turns[FANOUT_TURN_RING], turns);
	while ((s = TAILQ_FIRST(&now)) != NULL) {
		TAILQ_REMOVE(&now, s, turns);
		s->turn = FANOUT_TURN_NONE;
		fanout_catch_up(f, s);
	}
}

static void
post_turn(struct fanout *f, struct subscriber *s)
{
	s->state = SUBSCRIBER_LAGGING;
	fanout_turn(s, FANOUT_TURN_RING);
	if (f->turn_posted)
		return;
	f->turn_posted = true;
	loop_post(f->settings.loop, &f->next_turn);
}

static void
wait_for_batch(struct fanout *f, struct subscriber *s)
{
	s->state = SUBSCRIBER_WAITING;
	fanout_turn(s, FANOUT_TURN_BATCH);
	ask(f);
}

/* Is `frame`, which lies in the log, for `s`? */
static bool
wants(const struct subscriber *s, const struct frame *frame)
{
	return subscriber_list_asked(s, frame->topics) &&
	       subscriber_may_have(s, frame);
}

void
fanout_catch_up(struct fanout *f, struct subscriber *s)
{
	struct frame *frame;
	uint64_t number;
	int left = RING_TURN;

	fanout_leave(s);
	if (cursor_cmp(s->at, ring_floor(f->ring)) < 0) {
		wait_for_batch(f, s);
		return;
	}
	for (number = ring_after(f->ring, s->at);
	     (frame = ring_get(f->ring, number)) != NULL; number++) {
		if (left <= 0) {
			post_turn(f, s);
			return;
		}
		left -= 1 + (int)s->n;
		if (wants(s, frame) && !fanout_push(s, frame)) {
			fanout_lag(s);
			return;
		}
		s->at = frame->at;
	}
	s->state = SUBSCRIBER_LIVE;
	s->from_start = false;
	fanout_round_over(s);
}

/* Serve `s` from a batch that covers its position. */
static void
serve(struct fanout *f, struct subscriber *s, const struct batch *b)
{
	size_t i;

	if (fanout_is_lost(s, b->span.floor)) {
		fanout_end_lost(s);
		return;
	}
	for (i = 0; i < b->n; i++) {
		struct frame *frame = b->frames[i];

		if (cursor_cmp(frame->at, s->at) <= 0)
			continue;
		if (wants(s, frame) && !fanout_push(s, frame)) {
			fanout_lag(s);
			return;
		}
		s->at = frame->at;
		s->from_start = false;
	}
	if (cursor_cmp(s->at, b->span.next) < 0)
		s->at = b->span.next;
	/* Nothing more in the database: the rest, if any, is in the ring. */
	if (b->n == 0 && cursor_cmp(s->at, ring_floor(f->ring)) < 0)
		s->at = ring_floor(f->ring);
	s->from_start = false;
	fanout_catch_up(f, s);
}

static bool
covers(const struct batch *b, const struct subscriber *s)
{
	return cursor_cmp(s->at, b->after) == 0 ||
	       (cursor_cmp(s->at, b->after) > 0 &&
		   cursor_cmp(s->at, b->span.next) < 0);
}

void
fanout_replay(struct fanout *f, struct batch *b)
{
	struct fanout_turns *waiting = &f->turns[FANOUT_TURN_BATCH];
	struct fanout_turns now = TAILQ_HEAD_INITIALIZER(now);
	struct subscriber *s, *next;

	for (s = TAILQ_FIRST(waiting); s != NULL; s = next) {
		next = TAILQ_NEXT(s, turns);
		if (!covers(b, s))
			continue;
		fanout_leave(s);
		TAILQ_INSERT_TAIL(&now, s, turns);
	}
	while ((s = TAILQ_FIRST(&now)) != NULL) {
		TAILQ_REMOVE(&now, s, turns);
		serve(f, s, b);
	}
	/* Now those who were served stand behind those who were not. */
	f->asked = false;
	ask(f);
}
