/* SPDX-License-Identifier: MIT */
/* fanout.c - who is there, where they are, and when they end. */
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "fanout/fanout_state.h"
#include "fanout/spread.h"

static void
stream_gone(void *feeder)
{
	fanout_forget(feeder);
}

static void
stream_drained(void *feeder)
{
	struct subscriber *s = feeder;

	if (s->state == SUBSCRIBER_LAGGING)
		fanout_catch_up(s->fanout, s);
}

static void
report_effort(struct fanout *f, struct effort *e, const char *what)
{
	const unsigned percent = effort_report(e, loop_now(f->settings.loop));

	if (percent > 0)
		log_warn("matching takes much time percent=%u of=%s "
			 "patterns=%zu weight=%zu streams=%zu: see "
			 "MERCURE_MAX_PATTERN_WEIGHT",
		    percent, what, subscriber_list_patterns(f->list),
		    subscriber_list_weight(f->list), f->counts.subscribers);
}

static void
next_turn(struct loop_mail *m)
{
	struct fanout *f = CONTAINER(struct fanout, next_turn, m);
	const int64_t now = loop_now(f->settings.loop);

	f->turn_posted = false;
	effort_renew(&f->live_effort, now);
	effort_renew(&f->replay_effort, now);
	fanout_live_go_on(f, false);
	fanout_replay_go_on(f);
	report_effort(f, &f->live_effort, "updates");
	report_effort(f, &f->replay_effort, "replay");
}

void
fanout_post_turn(struct fanout *f)
{
	if (f->turn_posted)
		return;
	f->turn_posted = true;
	loop_post(f->settings.loop, &f->next_turn);
}

/* The subscriber has certainly received everything before `first`. */
static void
stream_shed(void *feeder, uint64_t first)
{
	struct subscriber *s = feeder;

	s->at = fanout_position(s);
	s->state = SUBSCRIBER_LAGGING;
	if (first > 0)
		s->at = first - 1;
	fanout_close(s);
}

static const struct stream_events stream_events = { stream_drained, stream_gone,
	stream_shed };

/* Another database: every position starts over, and every peer is told. */
static void
batch_epoch(struct fanout *f, struct batch *b)
{
	struct subscriber *s, *next;

	/* The other one's events come first, however long they take. */
	fanout_live_go_on(f, true);
	fanout_replay_drop(f);
	subscriber_list_new_epoch(f->list);
	control_set_key(&f->control, &b->key);
	f->tail = f->floor = b->span.next;
	ring_reset(f->ring, f->tail);
	fanout_sessions_over(f, b->span.sessions);
	for (s = TAILQ_FIRST(&f->all); s != NULL; s = next) {
		struct frame *frame =
		    control_cursor(&f->control, f->tail, CONTROL_RETRY_NONE);

		next = TAILQ_NEXT(s, links);
		fanout_leave(s);
		s->at = s->told = f->tail;
		s->state = SUBSCRIBER_LIVE;
		if (frame == NULL || !fanout_push(s, frame))
			s->told = UINT64_MAX;
		fanout_round_over(s);
	}
}

/* Changes of sessions hold at once, also for events that are not delivered
 * yet. */
static void
take_events(struct fanout *f, struct batch *b)
{
	if (b->sessions != NULL)
		fanout_sessions(f, b->sessions);
	if (b->replay) {
		fanout_replay(f, b);
		return;
	}
	fanout_live(f, b);
	report_effort(f, &f->live_effort, "updates");
}

void
fanout_batch(void *arg, struct batch *b)
{
	struct fanout *f = arg;

	if (b->drain)
		f->settings.drain(f->settings.arg);
	else if (b->new_epoch)
		batch_epoch(f, b);
	/* Else it was read before the change that was just told. */
	else if (b->span.epoch == f->control.key.epoch) {
		take_events(f, b);
		return;
	}
	batch_done(b);
}

/* When it ends, as things are: one that drains has something to end with, or
 * waits only so long. */
static int64_t
end_of(const struct subscriber *s)
{
	return s->got || s->end_ms < s->wait_ms ? s->end_ms : s->wait_ms;
}

static enum err
set_timer(struct subscriber *s)
{
	int64_t due = end_of(s);

	if (s->keepalive_ms > 0 && s->wrote_ms + s->keepalive_ms < due)
		due = s->wrote_ms + s->keepalive_ms;
	if (due == INT64_MAX)
		return ERR_OK;
	return loop_timer_set(s->fanout->settings.loop, &s->timer, due);
}

/* Its time was set by the other clock: this one may have been put forward, and
 * runs on while the machine sleeps. */
bool
fanout_is_expired(const struct subscriber *s)
{
	return s->grant != NULL &&
	       grant_expires_ms(s->grant) <= clock_real_ms();
}

static void
timer_fire(struct loop_timer *t)
{
	struct subscriber *s = CONTAINER(struct subscriber, timer, t);
	int64_t now = loop_now(s->fanout->settings.loop);

	if (now >= s->end_ms || fanout_is_expired(s)) {
		fanout_close(s);
		return;
	}
	if (now >= end_of(s)) {
		fanout_pause(s, s->retry_ms);
		return;
	}
	if (s->keepalive_ms > 0 && now - s->wrote_ms >= s->keepalive_ms) {
		s->wrote_ms = now;
		if (stream_has_room(s->stream))
			fanout_keep_alive(s);
		stream_flush(s->stream);
	}
	if (set_timer(s) != ERR_OK)
		fanout_close(s);
}

bool
fanout_regrant(struct subscriber *s, struct grant *g)
{
	const int64_t left = grant_expires_ms(g) - clock_real_ms();

	grant_unref(s->grant);
	s->grant = grant_ref(g);
	subscriber_list_regrant(s);
	s->end_ms = loop_now(s->fanout->settings.loop) + left;
	if (s->end_ms > s->life_ms)
		s->end_ms = s->life_ms;
	return left > 0 && set_timer(s) == ERR_OK;
}

/* Into the index, and among the timers: a stream without one would outlive
 * its token. */
static enum err
enter(struct fanout *f, struct subscriber *s, const struct matcher_list *l)
{
	enum err e = subscriber_list_add(f->list, s, l);

	if (e != ERR_OK)
		return e;
	s->fanout = f;
	s->timer.fire = timer_fire;
	s->wrote_ms = loop_now(f->settings.loop);
	if ((e = set_timer(s)) != ERR_OK)
		subscriber_list_remove(f->list, s);
	return e;
}

static void
open_stream(
    struct fanout *f, struct subscriber *s, uint64_t epoch, struct frame *head)
{
	TAILQ_INSERT_TAIL(&f->all, s, links);
	f->counts.subscribers++;
	if (epoch != f->control.key.epoch) {
		s->at = s->told = 0;
		s->from_start = true;
	}
	if (s->entry != NULL)
		roster_begin(s->entry);
	stream_feed(s->stream, &stream_events, s);
	fanout_queue(s, head);
	stream_flush(s->stream);
	if (s->grant != NULL && grant_is_session(s->grant) &&
	    (epoch != f->control.key.epoch || fanout_is_outdated(f, s->grant)))
		fanout_close(s);
	else
		fanout_catch_up(f, s);
}

void
fanout_open(
    struct fanout *f, struct subscriber_opening *o, struct stream *stream)
{
	struct subscriber *s = NULL;
	enum err e = subscriber_new(&s, o, stream);

	if (e == ERR_OK && (e = enter(f, s, &o->matchers)) != ERR_OK)
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
			fanout_close(s);
	}
}

void
fanout_reduce(struct fanout *f, size_t left, uint32_t spread_ms)
{
	while (f->counts.subscribers > left) {
		struct subscriber *s = TAILQ_FIRST(&f->all);

		fanout_pause(
		    s, s->retry_ms + (uint32_t)spread_random(spread_ms));
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
	size_t turn;
	enum err e;

	if (f == NULL)
		return ERR_NOMEM;
	f->settings = *settings;
	f->next_turn.open = next_turn;
	effort_init(&f->live_effort, settings->effort, clock_mono_ms());
	effort_init(&f->replay_effort, settings->effort, clock_mono_ms());
	STAILQ_INIT(&f->live);
	TAILQ_INIT(&f->all);
	for (turn = 0; turn < FANOUT_TURNS; turn++)
		TAILQ_INIT(&f->turns[turn]);
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
	struct batch *b;

	if (f == NULL)
		return;
	while ((b = STAILQ_FIRST(&f->live)) != NULL) {
		STAILQ_REMOVE_HEAD(&f->live, links);
		batch_done(b);
	}
	batch_done(f->replay);
	ring_free(f->ring);
	subscriber_list_free(f->list);
	control_free(&f->control);
	mem_free(f);
}
