/* SPDX-License-Identifier: MIT */
/* fanout_moves.c - what happens to one subscriber: it gets, waits, lags, ends. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "fanout/fanout_state.h"

void
fanout_leave(struct subscriber *s)
{
	if (s->turn == FANOUT_TURN_NONE)
		return;
	TAILQ_REMOVE(&s->fanout->turns[s->turn], s, turns);
	s->turn = FANOUT_TURN_NONE;
}

void
fanout_turn(struct subscriber *s, enum fanout_turn turn)
{
	fanout_leave(s);
	s->turn = turn;
	TAILQ_INSERT_TAIL(&s->fanout->turns[turn], s, turns);
}

bool
fanout_is_lost(const struct subscriber *s, uint64_t floor)
{
	return !s->from_start && s->at < floor;
}

uint64_t
fanout_position(const struct subscriber *s)
{
	const struct fanout *f = s->fanout;

	if (s->state == SUBSCRIBER_LIVE && s->at < f->tail)
		return f->tail;
	return s->at;
}

void
fanout_queue(struct subscriber *s, struct frame *frame)
{
	stream_push(s->stream, frame);
	s->wrote_ms = loop_now(s->fanout->settings.loop);
	if (frame->topics.base != NULL) {
		s->at = frame->at;
		s->got = true;
		s->fanout->counts.delivered++;
	}
}

bool
fanout_push(struct subscriber *s, struct frame *frame)
{
	if (!stream_has_room(s->stream) && !stream_flush(s->stream))
		return false;
	fanout_queue(s, frame);
	return true;
}

/*
 * Tell the peer where it is: what it brings back when it connects again,
 * after `retry_ms`.  False: no memory for it.
 */
static bool
tell_position(struct subscriber *s, uint32_t retry_ms)
{
	uint64_t at = fanout_position(s);
	struct frame *frame = control_cursor(&s->fanout->control, at, retry_ms);

	if (frame == NULL)
		return false;
	fanout_queue(s, frame);
	s->told = at;
	return true;
}

void
fanout_keep_alive(struct subscriber *s)
{
	if (fanout_position(s) == s->told ||
	    !tell_position(s, CONTROL_RETRY_NONE))
		fanout_queue(s, s->fanout->control.comment);
}

void
fanout_forget(struct subscriber *s)
{
	struct fanout *f = s->fanout;

	fanout_leave(s);
	loop_timer_stop(f->settings.loop, &s->timer);
	subscriber_list_remove(f->list, s);
	TAILQ_REMOVE(&f->all, s, links);
	f->counts.subscribers--;
	subscriber_free(s);
}

static void
close_for(struct subscriber *s, uint32_t retry_ms)
{
	struct stream *stream = s->stream;

	tell_position(s, retry_ms);
	fanout_forget(s);
	stream_end(stream);
}

/* An update may have named another delay since the head did; one that drains
 * shall not wait that long for its next. */
void
fanout_close(struct subscriber *s)
{
	close_for(s, s->drain ? s->retry_ms : CONTROL_RETRY_NONE);
}

/* Not beyond the end of its rights. */
static int64_t
waits_until(const struct subscriber *s)
{
	const int64_t until_ms = clock_real_ms() + s->park_ms;

	if (s->grant != NULL && grant_expires_ms(s->grant) < until_ms)
		return grant_expires_ms(s->grant);
	return until_ms;
}

void
fanout_pause(struct subscriber *s, uint32_t retry_ms)
{
	struct control *control = &s->fanout->control;
	struct stream *stream = s->stream;
	struct frame *frame = NULL;

	if (s->drain && s->entry != NULL)
		frame = control_parked(control, fanout_position(s),
		    roster_key(s->entry), retry_ms);
	if (frame == NULL) {
		close_for(s, retry_ms);
		return;
	}
	fanout_queue(s, frame);
	frame_unref(frame);
	roster_park(s->entry, waits_until(s));
	s->entry = NULL;
	fanout_forget(s);
	stream_end(stream);
}

/* A slow peer would not get the rest and the end in the moment that an ended
 * stream has: it goes on until its socket has taken all. */
void
fanout_round_over(struct subscriber *s)
{
	bool written = stream_flush(s->stream);

	if (!s->drain || !s->got)
		return;
	s->at = fanout_position(s);
	if (written)
		fanout_pause(s, s->retry_ms);
	else
		fanout_lag(s);
}

void
fanout_end_lost(struct subscriber *s)
{
	struct stream *stream = s->stream;

	log_warn("stream ended reason=history-pruned seq=%" PRIu64, s->at);
	s->fanout->counts.lost_position++;
	fanout_forget(s);
	stream_end(stream);
}

void
fanout_lag(struct subscriber *s)
{
	s->state = SUBSCRIBER_LAGGING;
	fanout_turn(s, FANOUT_TURN_BLOCKED);
}
