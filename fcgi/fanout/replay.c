/* SPDX-License-Identifier: MIT */
/* replay.c - brings subscribers that lag to the log's end, in parts. */
#include "fanout/fanout_state.h"

/* So many neighbouring events are one part.  Subscribers that catch up side by
 * side take it one after the other, so that a pattern's answers about its
 * events are still known for the next one (subscriber_index_state.h). */
#define PART 64

/* Ask for what the subscriber needs that waits longest. */
static void
ask(struct fanout *f)
{
	struct subscriber *s = TAILQ_FIRST(&f->host.waits[WAIT_BATCH]);

	if (s == NULL || f->replay.asked)
		return;
	f->replay.asked = true;
	f->ask(f->ask_arg, s->at);
}

static void
wait_for_batch(struct fanout *f, struct subscriber *s)
{
	s->state = SUBSCRIBER_WAITING;
	subscriber_wait(s, WAIT_BATCH);
	ask(f);
}

static bool
has_effort(struct fanout *f)
{
	return effort_is_left(&f->replay.effort, loop_now(f->host.loop));
}

/* Is `frame` of the log for `s`?  Rights are checked first, so that private
 * events are never tried on the patterns of strangers. */
static bool
wants(struct fanout *f, const struct subscriber *s, const struct frame *frame)
{
	size_t *steps = &f->replay.effort.steps;

	return subscriber_may_have(s, frame, steps) &&
	       subscriber_asked(s, frame, steps);
}

/* False: its socket takes no more. */
static bool
pass(struct fanout *f, struct subscriber *s, struct frame *frame)
{
	if (wants(f, s, frame) && !subscriber_push(s, frame)) {
		subscriber_lag(s);
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
pass_part(struct fanout *f, struct subscriber *s, bool *end)
{
	uint64_t number = ring_after(f->ring, s->at);
	struct frame *frame = ring_get(f->ring, number);
	uint64_t first;

	if (frame != NULL)
		first = frame->at;
	while (frame != NULL && same_part(frame->at, first) && has_effort(f)) {
		if (!pass(f, s, frame))
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

	subscriber_stop_waiting(s);
	if (subscriber_is_expired(s)) {
		subscriber_close(s);
		return;
	}
	if (s->at < ring_floor(f->ring)) {
		wait_for_batch(f, s);
		return;
	}
	if (!pass_part(f, s, &end))
		return;
	if (end) {
		s->state = SUBSCRIBER_LIVE;
		s->from_start = false;
		subscriber_caught_up(s);
		return;
	}
	s->state = SUBSCRIBER_LAGGING;
	subscriber_wait(s, WAIT_RING);
	loop_post_once(f->host.loop, &f->rest);
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
	for (size_t i = f->replay.at; i < f->replay.to; i++) {
		if (b->frames[i]->at <= s->at)
			continue;
		if (!has_effort(f) || !pass(f, s, b->frames[i]))
			return false;
		s->from_start = false;
	}
	return true;
}

/* All have this part: on to the next, or the end. */
static void
next_part(struct fanout *f, struct batch *b)
{
	struct subscriber_list *serve = &f->host.waits[WAIT_PART];
	struct subscriber *s;

	while ((s = TAILQ_FIRST(&f->host.waits[WAIT_NEXT_PART])) != NULL)
		subscriber_wait(s, WAIT_PART);
	f->replay.at = f->replay.to;
	f->replay.to = part_end(b, f->replay.at);
	if (f->replay.at < b->n && !TAILQ_EMPTY(serve))
		return;
	f->replay.batch = NULL;
	while ((s = TAILQ_FIRST(serve)) != NULL)
		leave_batch(f, s, b);
	batch_done(b);
	/* Now those that were served stand behind those that were not. */
	f->replay.asked = false;
	ask(f);
}

/* A part of the batch for the next subscriber. */
static void
serve_next(struct fanout *f, struct batch *b)
{
	struct subscriber *s = TAILQ_FIRST(&f->host.waits[WAIT_PART]);

	if (s == NULL)
		next_part(f, b);
	else if (subscriber_is_expired(s))
		subscriber_close(s);
	else if (serve_part(f, s, b))
		subscriber_wait(s, WAIT_NEXT_PART);
}

void
fanout_replay_go_on(struct fanout *f)
{
	struct subscriber_list *ring = &f->host.waits[WAIT_RING];

	while (
	    (f->replay.batch != NULL || !TAILQ_EMPTY(ring)) && has_effort(f)) {
		if (f->replay.batch != NULL)
			serve_next(f, f->replay.batch);
		if (!TAILQ_EMPTY(ring))
			fanout_catch_up(f, TAILQ_FIRST(ring));
	}
	if (f->replay.batch != NULL || !TAILQ_EMPTY(ring))
		loop_post_once(f->host.loop, &f->rest);
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
	if (f->replay.batch != NULL) {
		batch_done(b);
		return;
	}
	for (s = TAILQ_FIRST(&f->host.waits[WAIT_BATCH]); s != NULL; s = next) {
		next = TAILQ_NEXT(s, waits);
		if (covers(b, s) && subscriber_is_lost(s, b->span.floor))
			subscriber_end_lost(s);
		else if (covers(b, s))
			subscriber_wait(s, WAIT_PART);
	}
	f->replay.batch = b;
	f->replay.at = 0;
	f->replay.to = part_end(b, 0);
	fanout_replay_go_on(f);
}

void
fanout_replay_drop(struct fanout *f)
{
	batch_done(f->replay.batch);
	f->replay.batch = NULL;
	f->replay.asked = false;
}
