/* SPDX-License-Identifier: MIT */
/* fanout.c - positions, the ring, and who waits for what. */
#include "fanout.h"

#include <inttypes.h>

#include "control.h"
#include "log.h"
#include "mem.h"
#include "ring.h"
#include "subscriber_list.h"

/* Events one subscriber looks at before the others have their turn. */
#define RING_TURN 512

/* The ring serves reconnects and laggards, so it grows with the streams. */
#define RING_BYTES_BASE 262144
#define RING_BYTES_EACH 65536

TAILQ_HEAD(turns, subscriber);

struct fanout {
	struct fanout_settings settings;
	struct tailer *tailer;
	struct ring *ring;
	struct subscriber_list *list;
	TAILQ_HEAD(, subscriber) all;
	struct turns to_write; /* got something in this round */
	struct turns blocked;  /* lag until their sockets take more */
	struct turns waiting;  /* for a batch from the database */
	struct turns lagging;  /* have more to take from the ring */
	bool asked;            /* a replay is under way */
	struct loop_mail next_turn;
	bool turn_posted;
	struct cursor floor; /* the last pruned event that we know of */
	struct cursor tail;  /* live subscribers have everything up to here */
	struct control control;
	struct fanout_counts counts;
};

static void catch_up(struct fanout *f, struct subscriber *s);

static struct turns *
turns_of(struct fanout *f, struct subscriber *s)
{
	return s->listed == TURN_WRITE   ? &f->to_write
	       : s->listed == TURN_BATCH ? &f->waiting
					 : &f->lagging;
}

static void
turn_leave(struct subscriber *s)
{
	if (s->listed == TURN_NONE)
		return;
	TAILQ_REMOVE(turns_of(s->fanout, s), s, turn);
	s->listed = TURN_NONE;
}

/* A subscriber is in one list at a time. */
static void
turn_take(struct subscriber *s, int which)
{
	turn_leave(s);
	s->listed = which;
	TAILQ_INSERT_TAIL(turns_of(s->fanout, s), s, turn);
}

/* Everything up to here is queued or written. */
static struct cursor
position(const struct subscriber *s)
{
	const struct fanout *f = s->fanout;

	if (s->state == SUBSCRIBER_LIVE && cursor_cmp(s->at, f->tail) < 0)
		return f->tail;
	return s->at;
}

static void
push(struct subscriber *s, struct frame *frame)
{
	stream_push(s->stream, frame);
	s->wrote_ms = loop_now(s->fanout->settings.loop);
	if (frame->topics.base != NULL) {
		s->at = frame->at;
		s->fanout->counts.delivered++;
	}
}

/* False: its socket takes no more; `drained` will be called. */
static bool
push_if_room(struct subscriber *s, struct frame *frame)
{
	if (!stream_has_room(s->stream) && !stream_flush(s->stream))
		return false;
	push(s, frame);
	return true;
}

/*
 * Tell the peer where it is: what it brings back when it connects again.
 * False: no memory for it.
 */
static bool
tell_position(struct subscriber *s)
{
	struct cursor at = position(s);
	struct frame *frame = control_cursor(&s->fanout->control, at);

	if (frame == NULL)
		return false;
	push(s, frame);
	s->told = at;
	return true;
}

/* On silence: the position if it is news, else just a sign of life. */
static void
keep_alive(struct subscriber *s)
{
	if (cursor_cmp(position(s), s->told) == 0 || !tell_position(s))
		push(s, s->fanout->control.comment);
}

/* Take `s` out of everything; its stream is left to the caller. */
static void
forget(struct subscriber *s)
{
	struct fanout *f = s->fanout;

	turn_leave(s);
	loop_timer_stop(f->settings.loop, &s->timer);
	subscriber_list_remove(f->list, s);
	TAILQ_REMOVE(&f->all, s, links);
	f->counts.subscribers--;
	subscriber_free(s);
}

static void
end(struct subscriber *s)
{
	struct stream *stream = s->stream;

	tell_position(s);
	forget(s);
	stream_end(stream);
}

/* What it has not got yet is pruned away: no position to tell, so that its
 * next request is answered with "earliest". */
static void
end_lost(struct subscriber *s)
{
	struct stream *stream = s->stream;

	log_warn("stream ended reason=history-pruned seq=%" PRIu64, s->at.lo);
	s->fanout->counts.lost_position++;
	forget(s);
	stream_end(stream);
}

static void
stream_gone(void *feeder)
{
	forget(feeder);
}

static void
stream_drained(void *feeder)
{
	struct subscriber *s = feeder;

	if (s->state == SUBSCRIBER_LAGGING)
		catch_up(s->fanout, s);
}

static const struct stream_events stream_events = { stream_drained,
	stream_gone };

/* Ask for the stretch that whoever waits longest needs. */
static void
ask(struct fanout *f)
{
	struct subscriber *s = TAILQ_FIRST(&f->waiting);

	if (s == NULL || f->asked)
		return;
	f->asked = true;
	tailer_ask(f->tailer, s->at);
}

static void
next_turn(struct loop_mail *m)
{
	struct fanout *f =
	    (struct fanout *)(void *)((char *)m -
				      offsetof(struct fanout, next_turn));
	struct turns now = TAILQ_HEAD_INITIALIZER(now);
	struct subscriber *s;

	f->turn_posted = false;
	TAILQ_CONCAT(&now, &f->lagging, turn);
	while ((s = TAILQ_FIRST(&now)) != NULL) {
		TAILQ_REMOVE(&now, s, turn);
		s->listed = TURN_NONE;
		catch_up(f, s);
	}
}

static void
post_turn(struct fanout *f, struct subscriber *s)
{
	s->state = SUBSCRIBER_LAGGING;
	turn_take(s, TURN_RING);
	if (f->turn_posted)
		return;
	f->turn_posted = true;
	loop_post(f->settings.loop, &f->next_turn);
}

static void
wait_for_batch(struct fanout *f, struct subscriber *s)
{
	s->state = SUBSCRIBER_WAITING;
	turn_take(s, TURN_BATCH);
	ask(f);
}

/* Is `frame`, which lies in the log, for `s`? */
static bool
wants(const struct subscriber *s, const struct frame *frame)
{
	return subscriber_list_asked(s, frame->topics) &&
	       subscriber_may_have(s, frame);
}

/* Its socket takes no more: it keeps nothing but its position. */
static void
lag(struct subscriber *s)
{
	s->state = SUBSCRIBER_LAGGING;
	turn_take(s, TURN_BLOCKED);
}

/*
 * Bring `s` from its position to the end of the log, as far as its socket and
 * the ring allow.
 */
static void
catch_up(struct fanout *f, struct subscriber *s)
{
	struct frame *frame;
	uint64_t number;
	int left = RING_TURN;

	turn_leave(s);
	if (cursor_cmp(s->at, ring_floor(f->ring)) < 0) {
		wait_for_batch(f, s);
		return;
	}
	for (number = ring_after(f->ring, s->at);
	     (frame = ring_get(f->ring, number)) != NULL; number++) {
		if (left-- == 0) {
			post_turn(f, s);
			return;
		}
		if (wants(s, frame) && !push_if_room(s, frame)) {
			lag(s);
			return;
		}
		s->at = frame->at;
	}
	s->state = SUBSCRIBER_LIVE;
	stream_flush(s->stream);
}

/* One event that just happened, for one subscriber who asked for it. */
static void
deliver(struct subscriber *s, struct frame *frame)
{
	struct fanout *f = s->fanout;

	if (s->state != SUBSCRIBER_LIVE || cursor_cmp(frame->at, s->at) <= 0 ||
	    !subscriber_may_have(s, frame))
		return;
	if (push_if_room(s, frame)) {
		if (s->listed == TURN_NONE)
			turn_take(s, TURN_WRITE);
		return;
	}
	/* Everything before this event it has; the rest is in the ring. */
	if (cursor_cmp(s->at, f->tail) < 0)
		s->at = f->tail;
	lag(s);
}

static size_t
ring_bytes(const struct fanout *f)
{
	size_t want = RING_BYTES_BASE + f->counts.subscribers * RING_BYTES_EACH;

	return want < f->settings.ring_bytes_max ? want
						 : f->settings.ring_bytes_max;
}

static bool
is_lost(const struct subscriber *s, struct cursor floor)
{
	return !s->from_start && cursor_cmp(s->at, floor) < 0;
}

static void
end_all_lost(struct turns *turns, struct cursor floor)
{
	struct subscriber *s, *next;

	for (s = TAILQ_FIRST(turns); s != NULL; s = next) {
		next = TAILQ_NEXT(s, turn);
		if (is_lost(s, floor))
			end_lost(s);
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
	end_all_lost(&f->blocked, floor);
	end_all_lost(&f->lagging, floor);
}

/* Rows were pruned before we could read them: whoever was live has a gap. */
static void
overrun(struct fanout *f, struct cursor floor)
{
	struct subscriber *s, *next;

	for (s = TAILQ_FIRST(&f->all); s != NULL; s = next) {
		next = TAILQ_NEXT(s, links);
		s->at = position(s);
		if (is_lost(s, floor))
			end_lost(s);
	}
	ring_reset(f->ring, floor);
}

static void
batch_live(struct fanout *f, struct batch *b)
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
	while ((s = TAILQ_FIRST(&f->to_write)) != NULL) {
		turn_leave(s);
		stream_flush(s->stream);
	}
	raise_floor(f, b->span.floor);
}

/* Serve `s` from a batch that covers its position. */
static void
serve(struct fanout *f, struct subscriber *s, const struct batch *b)
{
	size_t i;

	if (is_lost(s, b->span.floor)) {
		end_lost(s);
		return;
	}
	for (i = 0; i < b->n; i++) {
		struct frame *frame = b->frames[i];

		if (cursor_cmp(frame->at, s->at) <= 0)
			continue;
		if (wants(s, frame) && !push_if_room(s, frame)) {
			lag(s);
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
	catch_up(f, s);
}

static void
batch_replay(struct fanout *f, struct batch *b)
{
	struct turns now = TAILQ_HEAD_INITIALIZER(now);
	struct subscriber *s;

	f->asked = false;
	TAILQ_CONCAT(&now, &f->waiting, turn);
	while ((s = TAILQ_FIRST(&now)) != NULL) {
		bool covered = cursor_cmp(s->at, b->after) >= 0 &&
			       (cursor_cmp(s->at, b->span.next) < 0 ||
				   cursor_cmp(s->at, b->after) == 0);

		TAILQ_REMOVE(&now, s, turn);
		s->listed = TURN_NONE;
		if (covered)
			serve(f, s, b);
		else
			turn_take(s, TURN_BATCH);
	}
	ask(f);
}

/* Another database: every position starts over, and every peer is told. */
static void
batch_epoch(struct fanout *f, struct batch *b)
{
	struct subscriber *s, *next;

	control_set_key(&f->control, &b->key);
	f->tail = b->span.next;
	f->asked = false;
	ring_reset(f->ring, f->tail);
	for (s = TAILQ_FIRST(&f->all); s != NULL; s = next) {
		struct frame *frame = control_cursor(&f->control, f->tail);

		next = TAILQ_NEXT(s, links);
		turn_leave(s);
		s->at = s->told = f->tail;
		s->state = SUBSCRIBER_LIVE;
		if (frame == NULL || !push_if_room(s, frame))
			s->told = (struct cursor){ UINT64_MAX, UINT64_MAX };
		stream_flush(s->stream);
	}
}

void
fanout_batch(void *arg, struct batch *b)
{
	struct fanout *f = arg;

	if (b->drain)
		f->settings.drain(f->settings.arg);
	else if (b->new_epoch)
		batch_epoch(f, b);
	else if (b->span.epoch != f->control.key.epoch)
		return; /* read before the change that was just told */
	else if (b->replay)
		batch_replay(f, b);
	else
		batch_live(f, b);
}

static void
set_timer(struct subscriber *s)
{
	int64_t due = s->end_ms;

	if (s->keepalive_ms > 0 && s->wrote_ms + s->keepalive_ms < due)
		due = s->wrote_ms + s->keepalive_ms;
	if (due < INT64_MAX &&
	    loop_timer_set(s->fanout->settings.loop, &s->timer, due) != ERR_OK)
		log_err("keep-alive dropped reason=memory");
}

static void
timer_fire(struct loop_timer *t)
{
	struct subscriber *s =
	    (struct subscriber *)(void *)((char *)t -
					  offsetof(struct subscriber, timer));
	int64_t now = loop_now(s->fanout->settings.loop);

	if (now >= s->end_ms) {
		end(s);
		return;
	}
	if (now - s->wrote_ms >= s->keepalive_ms) {
		s->wrote_ms = now;
		if (stream_has_room(s->stream))
			keep_alive(s);
		stream_flush(s->stream);
	}
	set_timer(s);
}

static void
open_stream(
    struct fanout *f, struct subscriber *s, uint64_t epoch, struct frame *head)
{
	s->fanout = f;
	s->timer.fire = timer_fire;
	TAILQ_INSERT_TAIL(&f->all, s, links);
	f->counts.subscribers++;
	if (epoch != f->control.key.epoch) {
		s->at = s->told = (struct cursor){ 0, 0 };
		s->from_start = true;
	}
	stream_feed(s->stream, &stream_events, s);
	push(s, head);
	stream_flush(s->stream);
	set_timer(s);
	catch_up(f, s);
}

void
fanout_open(
    struct fanout *f, struct subscriber_opening *o, struct stream *stream)
{
	struct subscriber *s = NULL;
	enum err e = subscriber_new(&s, o, stream);

	if (e == ERR_OK &&
	    (e = subscriber_list_add(f->list, s, &o->matchers)) != ERR_OK)
		subscriber_free(s);
	if (e == ERR_OK)
		open_stream(f, s, o->epoch, o->head);
	else {
		log_err("stream refused reason=\"%s\"", err_text(e));
		stream_cut(stream);
	}
	subscriber_opening_free(o);
}

void
fanout_end(struct fanout *f, fanout_holds_fn *holds, void *arg)
{
	struct subscriber *s, *next;

	for (s = TAILQ_FIRST(&f->all); s != NULL; s = next) {
		next = TAILQ_NEXT(s, links);
		if (holds == NULL || !holds(arg, s))
			end(s);
	}
}

struct fanout_counts
fanout_counts(const struct fanout *f)
{
	return f->counts;
}

enum err
fanout_new(struct fanout **out, const struct fanout_settings *settings)
{
	struct fanout *f = mem_calloc(1, sizeof(*f));
	enum err e;

	if (f == NULL)
		return ERR_NOMEM;
	f->settings = *settings;
	f->next_turn.open = next_turn;
	TAILQ_INIT(&f->all);
	TAILQ_INIT(&f->to_write);
	TAILQ_INIT(&f->blocked);
	TAILQ_INIT(&f->waiting);
	TAILQ_INIT(&f->lagging);
	if ((e = control_init(&f->control, settings->framing)) != ERR_OK ||
	    (e = ring_new(&f->ring)) != ERR_OK ||
	    (e = subscriber_list_new(&f->list)) != ERR_OK)
		goto out;

	*out = f;
	f = NULL;
out:
	fanout_free(f);
	return e;
}

void
fanout_set_tailer(struct fanout *f, struct tailer *t)
{
	f->tailer = t;
}

void
fanout_free(struct fanout *f)
{
	if (f == NULL)
		return;
	ring_free(f->ring);
	subscriber_list_free(f->list);
	control_free(&f->control);
	mem_free(f);
}
