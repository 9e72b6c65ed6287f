/* SPDX-License-Identifier: MIT */
/* fanout_live.c - brings new events to those who keep up. */
#include "base/clock.h"
#include "fanout/fanout_state.h"

/* The ring serves reconnects and laggards, so it grows with the streams. */
#define RING_BYTES_BASE 262144
#define RING_BYTES_EACH 65536

/* It keeps its position before the event that it cannot be given now. */
static void
stop_at(struct subscriber *s, uint64_t at)
{
	if (s->at < at)
		s->at = at;
	fanout_lag(s);
}

/* Its grant is over, but its timer has not fired yet: end it.  Later events
 * are for its next request. */
static void
expire(struct subscriber *s)
{
	struct loop *l = s->fanout->settings.loop;

	stop_at(s, s->fanout->tail);
	loop_timer_set(l, &s->timer, loop_now(l));
}

/* One event that just happened, for one subscriber who asked for it. */
static void
deliver(struct subscriber *s, struct frame *frame)
{
	struct fanout *f = s->fanout;

	if (s->state != SUBSCRIBER_LIVE || frame->at <= s->at ||
	    !subscriber_may_have(s, frame, &f->live_effort.steps))
		return;
	if (s->grant != NULL && grant_expires_ms(s->grant) <= f->real_ms) {
		expire(s);
		return;
	}
	if (fanout_push(s, frame)) {
		if (s->turn == FANOUT_TURN_NONE)
			fanout_turn(s, FANOUT_TURN_WRITE);
		return;
	}
	/* Everything before this event it has; the rest is in the ring. */
	stop_at(s, f->tail);
}

static size_t
ring_bytes(const struct fanout *f)
{
	size_t want = RING_BYTES_BASE + f->counts.subscribers * RING_BYTES_EACH;

	return want < f->settings.ring_bytes_max ? want
						 : f->settings.ring_bytes_max;
}

static void
end_all_lost(struct fanout_turns *turns, uint64_t floor)
{
	struct subscriber *s, *next;

	for (s = TAILQ_FIRST(turns); s != NULL; s = next) {
		next = TAILQ_NEXT(s, turns);
		if (fanout_is_lost(s, floor))
			fanout_end_lost(s);
	}
}

/* What is pruned from the log is gone from memory as well. */
static void
raise_floor(struct fanout *f, uint64_t floor)
{
	if (floor == f->floor)
		return;
	f->floor = floor;
	ring_trim(f->ring, floor);
	end_all_lost(&f->turns[FANOUT_TURN_BLOCKED], floor);
	end_all_lost(&f->turns[FANOUT_TURN_RING], floor);
}

/* Rows were pruned before we could read them: whoever was live has a gap. */
static void
overrun(struct fanout *f, uint64_t floor)
{
	struct subscriber *s, *next;

	for (s = TAILQ_FIRST(&f->all); s != NULL; s = next) {
		next = TAILQ_NEXT(s, links);
		s->at = fanout_position(s);
		if (fanout_is_lost(s, floor))
			fanout_end_lost(s);
	}
	ring_reset(f->ring, floor);
}

/* Those who got something have it written to their sockets. */
static void
write_all(struct fanout *f)
{
	struct subscriber *s;

	while ((s = TAILQ_FIRST(&f->turns[FANOUT_TURN_WRITE])) != NULL) {
		fanout_leave(s);
		fanout_round_over(s);
	}
}

/* False: the steps are spent. */
static bool
find_receivers(struct fanout *f, struct frame *frame, size_t steps_max)
{
	if (!f->searching) {
		ring_add(f->ring, frame, ring_bytes(f));
		subscriber_search_begin(f->list, frame);
	}
	f->searching = !subscriber_search_go_on(
	    f->list, deliver, &f->live_effort.steps, steps_max);
	return !f->searching;
}

/* False: the steps are spent.  A new event is begun with whatever is left. */
static bool
deliver_batch(struct fanout *f, struct batch *b, size_t steps_max)
{
	if (f->live_at == 0 && !f->searching && b->after < b->span.floor)
		overrun(f, b->span.floor);
	while (f->live_at < b->n) {
		struct frame *frame = b->frames[f->live_at];

		if (!find_receivers(f, frame, steps_max))
			return false;
		f->tail = frame->at;
		f->live_at++;
	}
	f->tail = b->span.next;
	return true;
}

void
fanout_live_go_on(struct fanout *f, bool wholly)
{
	const size_t steps_max = wholly ? SIZE_MAX : f->live_effort.max;
	const int64_t now = loop_now(f->settings.loop);
	struct batch *b;

	f->real_ms = clock_real_ms();
	while ((b = STAILQ_FIRST(&f->live)) != NULL) {
		if ((!wholly && !effort_is_left(&f->live_effort, now)) ||
		    !deliver_batch(f, b, steps_max)) {
			fanout_post_turn(f);
			break;
		}
		STAILQ_REMOVE_HEAD(&f->live, links);
		f->live_at = 0;
		write_all(f);
		raise_floor(f, b->span.floor);
		batch_done(b);
	}
	write_all(f);
}

/* Behind others that are not delivered yet it waits. */
void
fanout_live(struct fanout *f, struct batch *b)
{
	const bool first = STAILQ_EMPTY(&f->live);

	STAILQ_INSERT_TAIL(&f->live, b, links);
	if (first)
		fanout_live_go_on(f, false);
}
