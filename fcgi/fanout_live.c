/* SPDX-License-Identifier: MIT */
/* fanout_live.c - brings new events to those who keep up. */
#include "fanout_state.h"

/* The ring serves reconnects and laggards, so it grows with the streams. */
#define RING_BYTES_BASE 262144
#define RING_BYTES_EACH 65536

/* One event that just happened, for one subscriber who asked for it. */
static void
deliver(struct subscriber *s, struct frame *frame)
{
	struct fanout *f = s->fanout;

	if (s->state != SUBSCRIBER_LIVE || cursor_cmp(frame->at, s->at) <= 0 ||
	    !subscriber_may_have(s, frame))
		return;
	if (fanout_push(s, frame)) {
		if (s->turn == FANOUT_TURN_NONE)
			fanout_turn(s, FANOUT_TURN_WRITE);
		return;
	}
	/* Everything before this event it has; the rest is in the ring. */
	if (cursor_cmp(s->at, f->tail) < 0)
		s->at = f->tail;
	fanout_lag(s);
}

static size_t
ring_bytes(const struct fanout *f)
{
	size_t want = RING_BYTES_BASE + f->counts.subscribers * RING_BYTES_EACH;

	return want < f->settings.ring_bytes_max ? want
						 : f->settings.ring_bytes_max;
}

static void
end_all_lost(struct fanout_turns *turns, struct cursor floor)
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
raise_floor(struct fanout *f, struct cursor floor)
{
	if (cursor_cmp(floor, f->floor) == 0)
		return;
	f->floor = floor;
	ring_trim(f->ring, floor);
	end_all_lost(&f->turns[FANOUT_TURN_BLOCKED], floor);
	end_all_lost(&f->turns[FANOUT_TURN_RING], floor);
}

/* Rows were pruned before we could read them: whoever was live has a gap. */
static void
overrun(struct fanout *f, struct cursor floor)
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

void
fanout_live(struct fanout *f, struct batch *b)
{
	struct subscriber *s;
	size_t i;

	if (cursor_cmp(b->after, b->span.floor) < 0)
		overrun(f, b->span.floor);
	for (i = 0; i < b->n; i++) {
		ring_add(f->ring, b->frames[i], ring_bytes(f));
		subscriber_list_find(f->list, b->frames[i], deliver);
		f->tail = b->frames[i]->at;
	}
	f->tail = b->span.next;
	while ((s = TAILQ_FIRST(&f->turns[FANOUT_TURN_WRITE])) != NULL) {
		fanout_leave(s);
		fanout_round_over(s);
	}
	raise_floor(f, b->span.floor);
}
