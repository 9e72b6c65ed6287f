/* SPDX-License-Identifier: MIT */
/* fanout_replay.c - brings those who lag to the end of the log, a part at a time. */
#include "fanout/fanout_state.h"

/* So many neighbouring events are one part.  Subscribers that catch up side by
 * side take it one after the other, so that a pattern's answers about its
 * events are still known for the next one (subscriber_list_state.h). */
#define PART 64

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

static void
wait_for_batch(struct fanout *f, struct subscriber *s)
{
	s->state = SUBSCRIBER_WAITING;
	fanout_turn(s, FANOUT_TURN_BATCH);
	ask(f);
}

static bool
has_effort(struct fanout *f)
{
	return effort_is_left(&f->replay_effort, loop_now(f->settings.loop));
}

/* Is `frame` of the log for `s`?  Rights are checked first, so that private
 * events are never tried on the patterns of strangers. */
static bool
wants(const struct subscriber *s, const struct frame *frame)
{
	size_t *steps = &s->fanout->replay_effort.steps;

	return subscriber_may_have(s, frame, steps) &&
	       subscriber_asked(s, frame, steps);
}

/* False: its socket takes no more. */
static bool
pass(struct subscriber *s, struct frame *frame)
{
	if (wants(s, frame) && !fanout_push(s, frame)) {
		fanout_lag(s);
		return false;
	}
	s->at = frame->at;
	return true;
}

static bool
same_part(uint64_t a, uint64_t b)
{
	return a / PART == b / PART;
}

/* One part of what the ring has for `s`.  *end: there is no more.  False: its
 * socket takes no more. */
static bool
take_part(struct fanout *f, struct subscriber *s, bool *end)
{
	uint64_t number = ring_after(f->ring, s->at);
	struct frame *frame = ring_get(f->ring, number);
	uint64_t first;

	if (frame != NULL)
		first = frame->at;
	while (frame != NULL && same_part(frame->at, first) && has_effort(f)) {
		if (!pass(s, frame))
			return false;
		frame = ring_get(f->ring, ++number);
	}
	*end = frame == NULL;
	return true;
}

void
fanout_catch_up(struct fanout *f, struct subscriber *s)
{
	bool end = false;

	fanout_leave(s);
	if (fanout_is_expired(s)) {
		fanout_close(s);
		return;
	}
	if (s->at < ring_floor(f->ring)) {
		wait_for_batch(f, s);
		return;
	}
	if (!take_part(f, s, &end))
		return;
	if (end) {
		s->state = SUBSCRIBER_LIVE;
		s->from_start = false;
		fanout_round_over(s);
		return;
	}
	s->state = SUBSCRIBER_LAGGING;
	fanout_turn(s, FANOUT_TURN_RING);
	fanout_post_turn(f);
}

/* The rows up to the end of their part. */
static size_t
part_end(const struct batch *b, size_t from)
{
	size_t to = from;

	while (to < b->n && same_part(b->frames[to]->at, b->frames[from]->at))
		to++;
	return to;
}

/* `s` has all of the batch. */
static void
leave_batch(struct fanout *f, struct subscriber *s, const struct batch *b)
{
	if (s->at < b->span.next)
		s->at = b->span.next;
	/* Nothing more in the database: the rest, if any, is in the ring. */
	if (b->n == 0 && s->at < ring_floor(f->ring))
		s->at = ring_floor(f->ring);
	s->from_start = false;
	fanout_catch_up(f, s);
}

/* False: the effort is spent, or its socket takes no more, and it waits where
 * it belongs. */
static bool
serve_part(struct fanout *f, struct subscriber *s, const struct batch *b)
{
	for (size_t i = f->replay_at; i < f->replay_to; i++) {
		if (b->frames[i]->at <= s->at)
			continue;
		if (!has_effort(f) || !pass(s, b->frames[i]))
			return false;
		s->from_start = false;
	}
	return true;
}

/* All have this part: on to the next, or the end. */
static void
next_part(struct fanout *f, struct batch *b)
{
	struct fanout_turns *serve = &f->turns[FANOUT_TURN_SERVE];
	struct subscriber *s;

	while ((s = TAILQ_FIRST(&f->turns[FANOUT_TURN_SERVED])) != NULL)
		fanout_turn(s, FANOUT_TURN_SERVE);
	f->replay_at = f->replay_to;
	f->replay_to = part_end(b, f->replay_at);
	if (f->replay_at < b->n && !TAILQ_EMPTY(serve))
		return;
	f->replay = NULL;
	while ((s = TAILQ_FIRST(serve)) != NULL)
		leave_batch(f, s, b);
	batch_done(b);
	/* Now those who were served stand behind those who were not. */
	f->asked = false;
	ask(f);
}

/* A part of the batch for whoever is next. */
static void
serve_next(struct fanout *f, struct batch *b)
{
	struct subscriber *s = TAILQ_FIRST(&f->turns[FANOUT_TURN_SERVE]);

	if (s == NULL)
		next_part(f, b);
	else if (fanout_is_expired(s))
		fanout_close(s);
	else if (serve_part(f, s, b))
		fanout_turn(s, FANOUT_TURN_SERVED);
}

void
fanout_replay_go_on(struct fanout *f)
{
	struct fanout_turns *ring = &f->turns[FANOUT_TURN_RING];

	while ((f->replay != NULL || !TAILQ_EMPTY(ring)) && has_effort(f)) {
		if (f->replay != NULL)
			serve_next(f, f->replay);
		if (!TAILQ_EMPTY(ring))
			fanout_catch_up(f, TAILQ_FIRST(ring));
	}
	if (f->replay != NULL || !TAILQ_EMPTY(ring))
		fanout_post_turn(f);
}

static bool
covers(const struct batch *b, const struct subscriber *s)
{
	return s->at == b->after || (s->at > b->after && s->at < b->span.next);
}

void
fanout_replay(struct fanout *f, struct batch *b)
{
	struct subscriber *s, *next;

	/* An answer to a question from before another database took over. */
	if (f->replay != NULL) {
		batch_done(b);
		return;
	}
	for (s = TAILQ_FIRST(&f->turns[FANOUT_TURN_BATCH]); s != NULL;
	     s = next) {
		next = TAILQ_NEXT(s, turns);
		if (covers(b, s) && fanout_is_lost(s, b->span.floor))
			fanout_end_lost(s);
		else if (covers(b, s))
			fanout_turn(s, FANOUT_TURN_SERVE);
	}
	f->replay = b;
	f->replay_at = 0;
	f->replay_to = part_end(b, 0);
	fanout_replay_go_on(f);
}

void
fanout_replay_drop(struct fanout *f)
{
	batch_done(f->replay);
	f->replay = NULL;
	f->asked = false;
}
