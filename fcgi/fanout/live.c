/* SPDX-License-Identifier: MIT */
/* live.c - brings new events to the subscribers that keep up. */
#include "base/clock.h"
#include "base/container.h"
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
	subscriber_lag(s);
}

/* Its grant is over, but its timer has not fired yet: end it.  Later events
 * are for its next request. */
static void
expire(struct subscriber *s)
{
	struct loop *l = s->host->loop;

	stop_at(s, s->host->tail);
	loop_timer_set(l, &s->timer, loop_now(l));
}

/* One event that just happened, for one subscriber that asked for it. */
static void
deliver(struct subscriber *s, struct frame *frame)
{
	struct fanout *f = CONTAINER(struct fanout, host, s->host);

	if (s->state != SUBSCRIBER_LIVE || frame->at <= s->at ||
	    !subscriber_may_have(s, frame, &f->live.effort.steps))
		return;
	if (s->grant != NULL && grant_expires_ms(s->grant) <= f->live.real_ms) {
		expire(s);
		return;
	}
	if (subscriber_push(s, frame)) {
		if (s->wait == WAIT_NONE)
			subscriber_wait(s, WAIT_FLUSH);
		return;
	}
	/* Everything before this event it has; the rest is in the ring. */
	stop_at(s, f->host.tail);
}

static size_t
ring_bytes(const struct fanout *f)
{
	size_t want = RING_BYTES_BASE + f->host.n * RING_BYTES_EACH;

	return want < f->settings.ring_bytes_max ? want
						 : f->settings.ring_bytes_max;
}

static void
end_all_lost(struct subscriber_list *list, uint64_t floor)
{
	struct subscriber *s, *next;

	for (s = TAILQ_FIRST(list); s != NULL; s = next) {
		next = TAILQ_NEXT(s, waits);
		if (subscriber_is_lost(s, floor))
			subscriber_end_lost(s);
	}
}

/* Events that are pruned from the log are gone from memory as well. */
static void
raise_floor(struct fanout *f, uint64_t floor)
{
	if (floor == f->floor)
		return;
	f->floor = floor;
	ring_trim(f->ring, floor);
	end_all_lost(&f->host.waits[WAIT_WRITABLE], floor);
	end_all_lost(&f->host.waits[WAIT_RING], floor);
}

/* Rows were pruned before they could be read: live subscribers have a gap. */
static void
overrun(struct fanout *f, uint64_t floor)
{
	struct subscriber *s, *next;

	for (s = TAILQ_FIRST(&f->host.all); s != NULL; s = next) {
		next = TAILQ_NEXT(s, links);
		s->at = subscriber_position(s);
		if (subscriber_is_lost(s, floor))
			subscriber_end_lost(s);
	}
	ring_reset(f->ring, floor);
}

/* False: the steps are spent. */
static bool
find_receivers(struct fanout *f, struct frame *frame, size_t steps_max)
{
	if (!f->live.searching) {
		ring_add(f->ring, frame, ring_bytes(f));
		subscriber_search_begin(f->host.index, frame);
	}
	f->live.searching = !subscriber_search_go_on(
	    f->host.index, deliver, &f->live.effort.steps, steps_max);
	return !f->live.searching;
}

/* False: the steps are spent.  A new event is begun with whatever is left. */
static bool
deliver_batch(struct fanout *f, struct batch *b, size_t steps_max)
{
	if (f->live.at == 0 && !f->live.searching && b->after < b->span.floor)
		overrun(f, b->span.floor);
	while (f->live.at < b->n) {
		struct frame *frame = b->frames[f->live.at];

		if (!find_receivers(f, frame, steps_max))
			return false;
		f->host.tail = frame->at;
		f->live.at++;
	}
	f->host.tail = b->span.next;
	return true;
}

void
fanout_live_go_on(struct fanout *f, bool wholly)
{
	const size_t steps_max = wholly ? SIZE_MAX : f->live.effort.max;
	const int64_t now = loop_now(f->host.loop);
	struct batch *b;

	f->live.real_ms = clock_real_ms();
	while ((b = STAILQ_FIRST(&f->live.batches)) != NULL) {
		if ((!wholly && !effort_is_left(&f->live.effort, now)) ||
		    !deliver_batch(f, b, steps_max)) {
			loop_post_once(f->host.loop, &f->rest);
			break;
		}
		STAILQ_REMOVE_HEAD(&f->live.batches, links);
		f->live.at = 0;
		subscriber_host_flush(&f->host);
		raise_floor(f, b->span.floor);
		batch_done(b);
	}
	subscriber_host_flush(&f->host);
}

/* Behind others that are not delivered yet it waits. */
void
fanout_live(struct fanout *f, struct batch *b)
{
	const bool first = STAILQ_EMPTY(&f->live.batches);

	STAILQ_INSERT_TAIL(&f->live.batches, b, links);
	if (first)
		fanout_live_go_on(f, false);
}
