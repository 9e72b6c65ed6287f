/* SPDX-License-Identifier: MIT */
/* subscriber.c - what happens to one subscriber: it gets, waits, lags, ends. */
#include "fanout/subscriber.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "fanout/spread.h"
#include "fanout/subscriber_index.h"

/* Ask again for an extension that has not come, in parts of the lifetime. */
#define EXTEND_AGAIN 16
#define EXTEND_AGAIN_MS 1000

enum err
subscriber_host_init(
    struct subscriber_host *h, struct loop *loop, enum framing framing)
{
	enum err e;

	h->loop = loop;
	TAILQ_INIT(&h->all);
	for (size_t i = 0; i < WAIT_LISTS; i++)
		TAILQ_INIT(&h->waits[i]);
	if ((e = position_frames_init(&h->positions, framing)) != ERR_OK)
		return e;
	return subscriber_index_new(&h->index);
}

void
subscriber_host_free(struct subscriber_host *h)
{
	subscriber_index_free(h->index);
	position_frames_free(&h->positions);
}

void
subscriber_opening_free(struct subscriber_opening *o)
{
	if (o == NULL)
		return;
	matcher_list_free(&o->matchers);
	grant_unref(o->grant);
	frame_unref(o->head);
	roster_end(o->entry);
	pattern_claim_free(o->patterns);
	for (size_t i = 0; i < o->counts_n; i++)
		mem_free(o->counts[i].topic);
	mem_free(o->counts);
	mem_free(o);
}

enum err
subscriber_new(struct subscriber **out, struct subscriber_opening *o,
    struct stream *stream)
{
	struct subscriber *s;
	size_t n = o->matchers.n;

	s = mem_calloc(1, sizeof(*s) + n * sizeof(s->subscriptions[0]));
	if (s == NULL)
		return ERR_NOMEM;
	s->stream = stream;
	s->grant = o->grant;
	s->rights = subscriber_rights(s->grant);
	o->grant = NULL;
	s->entry = o->entry;
	o->entry = NULL;
	s->patterns = o->patterns;
	o->patterns = NULL;
	s->end_ms = o->end_ms;
	s->life_ms = o->life_ms;
	s->keepalive_ms = o->keepalive_ms;
	s->retry_ms = o->retry_ms;
	s->poll = o->poll;
	s->away_ms = o->away_ms;
	s->extension = o->extension;
	s->wait_ms = o->poll ? o->wait_ms : INT64_MAX;
	s->at = o->at;
	s->sent_position = o->at;
	s->from_start = o->from_start;
	s->n = n;
	*out = s;
	return ERR_OK;
}

void
subscriber_free(struct subscriber *s)
{
	grant_unref(s->grant);
	roster_end(s->entry);
	pattern_claim_free(s->patterns);
	for (size_t i = 0; i < s->counts_n; i++)
		count_unlisten(&s->counts[i]);
	mem_free(s->counts);
	mem_free(s);
}

enum subscriber_rights
subscriber_rights(const struct grant *g)
{
	if (g == NULL || grant_is_empty(g))
		return SUBSCRIBER_PUBLIC;
	return grant_may_receive_hub(g) ? SUBSCRIBER_HUB : SUBSCRIBER_PRIVATE;
}

bool
subscriber_may_have(
    const struct subscriber *s, const struct frame *f, size_t *steps)
{
	if (f->rights == SUBSCRIBER_PUBLIC)
		return true;
	return s->rights != SUBSCRIBER_PUBLIC &&
	       grant_may_receive(s->grant, f->topics, steps);
}

void
subscriber_stop_waiting(struct subscriber *s)
{
	if (s->wait == WAIT_NONE)
		return;
	TAILQ_REMOVE(&s->host->waits[s->wait], s, waits);
	s->wait = WAIT_NONE;
}

void
subscriber_wait(struct subscriber *s, enum wait_list list)
{
	subscriber_stop_waiting(s);
	s->wait = list;
	TAILQ_INSERT_TAIL(&s->host->waits[list], s, waits);
}

bool
subscriber_is_lost(const struct subscriber *s, uint64_t floor)
{
	return !s->from_start && s->at < floor;
}

uint64_t
subscriber_position(const struct subscriber *s)
{
	const struct subscriber_host *h = s->host;

	if (s->state == SUBSCRIBER_LIVE && s->at < h->tail)
		return h->tail;
	return s->at;
}

void
subscriber_queue(struct subscriber *s, struct frame *frame)
{
	stream_push(s->stream, frame);
	s->wrote_ms = loop_now(s->host->loop);
	if (frame->topics.base == NULL)
		return;
	s->at = frame->at;
	s->delivered += s->delivered < UINT32_MAX;
}

bool
subscriber_push(struct subscriber *s, struct frame *frame)
{
	if (!stream_has_room(s->stream) && !stream_flush(s->stream))
		return false;
	subscriber_queue(s, frame);
	return true;
}

/*
 * Send the peer its position: what it brings back when it connects again,
 * after `retry_ms`.  False: no memory for it.
 */
static bool
send_position(struct subscriber *s, uint32_t retry_ms)
{
	const uint64_t at = subscriber_position(s);
	struct frame *frame = position_frame(&s->host->positions, at, retry_ms);

	if (frame == NULL)
		return false;
	subscriber_queue(s, frame);
	s->sent_position = at;
	return true;
}

/* After a silence: the position if it has changed, else a comment. */
static void
send_sign_of_life(struct subscriber *s)
{
	if (subscriber_position(s) == s->sent_position ||
	    !send_position(s, POSITION_RETRY_NONE))
		subscriber_queue(s, s->host->positions.comment);
}

void
subscriber_forget(struct subscriber *s)
{
	struct subscriber_host *h = s->host;

	log_debug("stream over", LOG_UINT("events", s->delivered),
	    LOG_UINT("seq", subscriber_position(s)));
	subscriber_stop_waiting(s);
	loop_timer_stop(h->loop, &s->timer);
	subscriber_index_remove(h->index, s);
	TAILQ_REMOVE(&h->all, s, links);
	h->n--;
	subscriber_free(s);
}

static void
close_for(struct subscriber *s, uint32_t retry_ms)
{
	struct stream *stream = s->stream;

	send_position(s, retry_ms);
	subscriber_forget(s);
	stream_end(stream);
}

/* An update may have named another delay since the head did; one that polls
 * shall not wait that long for its next response. */
void
subscriber_close(struct subscriber *s)
{
	close_for(s, s->poll ? s->retry_ms : POSITION_RETRY_NONE);
}

/* Not beyond the end of its rights. */
static int64_t
away_until(const struct subscriber *s)
{
	const int64_t until_ms = clock_real_ms() + s->away_ms;

	if (s->grant != NULL && grant_expires_ms(s->grant) < until_ms)
		return grant_expires_ms(s->grant);
	return until_ms;
}

void
subscriber_pause(struct subscriber *s, uint32_t retry_ms)
{
	struct position_frames *positions = &s->host->positions;
	struct stream *stream = s->stream;
	struct frame *frame = NULL;

	if (s->poll && s->entry != NULL)
		frame = position_frame_away(positions, subscriber_position(s),
		    roster_key(s->entry), retry_ms);
	if (frame == NULL) {
		close_for(s, retry_ms);
		return;
	}
	subscriber_queue(s, frame);
	frame_unref(frame);
	roster_away(s->entry, away_until(s));
	s->entry = NULL;
	subscriber_forget(s);
	stream_end(stream);
}

void
subscriber_lag(struct subscriber *s)
{
	s->state = SUBSCRIBER_LAGGING;
	subscriber_wait(s, WAIT_WRITABLE);
}

/* A slow peer would not get the rest and the end in the moment that an ended
 * stream has: it goes on until its socket has taken all. */
void
subscriber_caught_up(struct subscriber *s)
{
	bool written = stream_flush(s->stream);

	if (!s->poll || s->delivered == 0)
		return;
	s->at = subscriber_position(s);
	if (written)
		subscriber_pause(s, s->retry_ms);
	else
		subscriber_lag(s);
}

void
subscriber_host_flush(struct subscriber_host *h)
{
	struct subscriber *s;

	while ((s = TAILQ_FIRST(&h->waits[WAIT_FLUSH])) != NULL) {
		subscriber_stop_waiting(s);
		subscriber_caught_up(s);
	}
}

void
subscriber_end_lost(struct subscriber *s)
{
	struct stream *stream = s->stream;

	log_warn("stream ended", LOG_TEXT("reason", "history-pruned"),
	    LOG_UINT("seq", s->at));
	subscriber_forget(s);
	stream_end(stream);
}

/* Its time was set by the other clock: this one may have been put forward, and
 * runs on while the machine sleeps. */
bool
subscriber_is_expired(const struct subscriber *s)
{
	return s->grant != NULL &&
	       grant_expires_ms(s->grant) <= clock_real_ms();
}

/* When it ends, as things are: one that polls has something to end with, or
 * waits only so long. */
static int64_t
end_of(const struct subscriber *s)
{
	return s->delivered > 0 || s->end_ms < s->wait_ms ? s->end_ms
							  : s->wait_ms;
}

static int64_t
extension_due(const struct subscriber *s)
{
	return session_extension_due(grant_granted_ms(s->grant),
	    grant_expires_ms(s->grant), &s->extension);
}

/* The moments of many streams spread over a quarter of the lifetime. */
static void
plan_extension(struct subscriber *s)
{
	const int64_t spread_ms = s->extension.lifetime_ms / 4;
	const int64_t now = loop_now(s->host->loop);
	int64_t due;

	s->extend_ms = INT64_MAX;
	if (s->grant == NULL || s->entry == NULL ||
	    (due = extension_due(s)) == INT64_MAX)
		return;
	due += (int64_t)spread_random((uint64_t)spread_ms) - clock_real_ms();
	s->extend_ms = due > 0 ? now + due : now;
}

/* By the clock that grants go by, it may be too early.  The publish thread does
 * it, for all streams of the session. */
static void
ask_extension(struct subscriber *s)
{
	int64_t again_ms = s->extension.lifetime_ms / EXTEND_AGAIN;

	if (loop_now(s->host->loop) < s->extend_ms)
		return;
	if (extension_due(s) > clock_real_ms()) {
		plan_extension(s);
		return;
	}
	roster_extend(s->entry);
	if (again_ms < EXTEND_AGAIN_MS)
		again_ms = EXTEND_AGAIN_MS;
	s->extend_ms = loop_now(s->host->loop) + again_ms;
}

static enum err
set_timer(struct subscriber *s)
{
	int64_t due = end_of(s);

	if (s->extend_ms < due)
		due = s->extend_ms;
	if (s->keepalive_ms > 0 && s->wrote_ms + s->keepalive_ms < due)
		due = s->wrote_ms + s->keepalive_ms;
	if (due == INT64_MAX)
		return ERR_OK;
	return loop_timer_set(s->host->loop, &s->timer, due);
}

static void
timer_fire(struct loop_timer *t)
{
	struct subscriber *s = CONTAINER(struct subscriber, timer, t);
	const int64_t now = loop_now(s->host->loop);

	if (now >= s->end_ms || subscriber_is_expired(s)) {
		subscriber_close(s);
		return;
	}
	if (now >= end_of(s)) {
		subscriber_pause(s, s->retry_ms);
		return;
	}
	if (s->keepalive_ms > 0 && now - s->wrote_ms >= s->keepalive_ms) {
		s->wrote_ms = now;
		if (stream_has_room(s->stream))
			send_sign_of_life(s);
		stream_flush(s->stream);
	}
	ask_extension(s);
	if (set_timer(s) != ERR_OK)
		subscriber_close(s);
}

enum err
subscriber_enter(struct subscriber *s, struct subscriber_host *h,
    const struct matcher_list *l)
{
	enum err e = subscriber_index_add(h->index, s, l);

	if (e != ERR_OK)
		return e;
	s->host = h;
	s->timer.fire = timer_fire;
	s->wrote_ms = loop_now(h->loop);
	plan_extension(s);
	ask_extension(s); /* one that polls may end before its timer fires */
	if ((e = set_timer(s)) != ERR_OK) {
		subscriber_index_remove(h->index, s);
		return e;
	}
	TAILQ_INSERT_TAIL(&h->all, s, links);
	h->n++;
	return ERR_OK;
}

bool
subscriber_regrant(struct subscriber *s, struct grant *g)
{
	const int64_t left = grant_expires_ms(g) - clock_real_ms();

	grant_unref(s->grant);
	s->grant = grant_ref(g);
	plan_extension(s);
	subscriber_index_set_rights(s, subscriber_rights(g));
	s->end_ms = loop_now(s->host->loop) + left;
	if (s->end_ms > s->life_ms)
		s->end_ms = s->life_ms;
	return left > 0 && set_timer(s) == ERR_OK;
}
