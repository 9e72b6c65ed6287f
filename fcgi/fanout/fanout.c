/* SPDX-License-Identifier: MIT */
/* fanout.c - opens and ends event streams, and passes batches on to them. */
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "fanout/fanout_state.h"
#include "fanout/spread.h"

static void
stream_gone(void *feeder)
{
	subscriber_forget(feeder);
}

static void
stream_writable(void *feeder)
{
	struct subscriber *s = feeder;

	if (s->state == SUBSCRIBER_LAGGING)
		fanout_catch_up(CONTAINER(struct fanout, host, s->host), s);
}

static void
report_effort(struct fanout *f, struct effort *e, const char *what)
{
	const unsigned percent = effort_report(e, loop_now(f->host.loop));

	if (percent > 0)
		log_warn("matching takes much time",
		    LOG_UINT("percent", percent), LOG_TEXT("of", what),
		    LOG_UINT(
			"patterns", subscriber_index_patterns(f->host.index)),
		    LOG_UINT("weight", subscriber_index_weight(f->host.index)),
		    LOG_UINT("streams", f->host.n),
		    LOG_TEXT("setting", "MERCURE_MAX_PATTERN_WEIGHT"));
}

/* Go on with work that did not fit into the turns before this one. */
static void
do_rest(struct loop_mail *m)
{
	struct fanout *f = CONTAINER(struct fanout, rest, m);
	const int64_t now = loop_now(f->host.loop);

	effort_refill(&f->live.effort, now);
	effort_refill(&f->replay.effort, now);
	fanout_live_go_on(f, false);
	fanout_replay_go_on(f);
	report_effort(f, &f->live.effort, "updates");
	report_effort(f, &f->replay.effort, "replay");
}

/* The subscriber has certainly received everything before `first`. */
static void
stream_shed(void *feeder, uint64_t first)
{
	struct subscriber *s = feeder;

	s->at = subscriber_position(s);
	s->state = SUBSCRIBER_LAGGING;
	if (first > 0)
		s->at = first - 1;
	subscriber_close(s);
}

static const struct stream_events stream_events = { stream_writable,
	stream_gone, stream_shed };

/* Another database: every position starts over, which every peer is sent. */
static void
batch_epoch(struct fanout *f, struct batch *b)
{
	struct subscriber *s, *next;

	/* The other one's events come first, however long they take. */
	fanout_live_go_on(f, true);
	fanout_replay_drop(f);
	subscriber_index_new_epoch(f->host.index);
	position_frames_set_key(&f->host.positions, &b->key);
	f->host.tail = f->floor = b->span.next;
	ring_reset(f->ring, f->host.tail);
	session_follow_new_epoch(&f->sessions, &f->host, b->span.sessions);
	for (s = TAILQ_FIRST(&f->host.all); s != NULL; s = next) {
		struct frame *frame = position_frame(
		    &f->host.positions, f->host.tail, POSITION_RETRY_NONE);

		next = TAILQ_NEXT(s, links);
		subscriber_stop_waiting(s);
		s->at = s->sent_position = f->host.tail;
		s->state = SUBSCRIBER_LIVE;
		if (frame == NULL || !subscriber_push(s, frame))
			s->sent_position = UINT64_MAX;
		subscriber_caught_up(s);
	}
}

/* Changes of sessions hold at once, also for events that are not delivered
 * yet. */
static void
batch_events(struct fanout *f, struct batch *b)
{
	if (b->sessions != NULL)
		session_follow_apply(&f->sessions, &f->host, b->sessions);
	if (b->kind == BATCH_REPLAY) {
		fanout_replay(f, b);
		return;
	}
	fanout_live(f, b);
	report_effort(f, &f->live.effort, "updates");
}

void
fanout_batch(void *arg, struct batch *b)
{
	struct fanout *f = arg;

	if (b->kind == BATCH_NEWER)
		f->settings.newer(f->settings.arg);
	else if (b->kind == BATCH_NEW_EPOCH)
		batch_epoch(f, b);
	/* Else it was read before the last change of the epoch. */
	else if (b->span.epoch == f->host.positions.key.epoch) {
		batch_events(f, b);
		return;
	}
	batch_done(b);
}

static void
open_stream(
    struct fanout *f, struct subscriber *s, uint64_t epoch, struct frame *head)
{
	if (epoch != f->host.positions.key.epoch) {
		s->at = s->sent_position = 0;
		s->from_start = true;
	}
	if (s->entry != NULL)
		roster_begin(s->entry);
	stream_feed(s->stream, &stream_events, s);
	subscriber_queue(s, head);
	if (s->counts_n > 0)
		counts_begin(f->counts, s);
	stream_flush(s->stream);
	if (s->grant != NULL && grant_is_session(s->grant) &&
	    (epoch != f->host.positions.key.epoch ||
		session_follow_is_outdated(&f->sessions, s->grant)))
		subscriber_close(s);
	else
		fanout_catch_up(f, s);
}

/* A first poll ends at once, with the numbers as they are. */
static enum err
listen_to_counts(
    struct fanout *f, struct subscriber *s, const struct subscriber_opening *o)
{
	enum err e = ERR_OK;

	if (o->counts_n == 0 || f->count == NULL)
		return ERR_OK;
	if (f->counts == NULL)
		e = counts_new(&f->counts, f->host.loop,
		    f->host.positions.framing, f->count, f->count_arg);
	if (e == ERR_OK)
		e = counts_listen(f->counts, s, o->counts, o->counts_n);
	s->delivered = o->first;
	return e;
}

void
fanout_open(
    struct fanout *f, struct subscriber_opening *o, struct stream *stream)
{
	struct subscriber *s = NULL;
	enum err e = subscriber_new(&s, o, stream);

	if (e == ERR_OK &&
	    (e = subscriber_enter(s, &f->host, &o->matchers)) != ERR_OK)
		subscriber_free(s);
	if (e == ERR_OK && (e = listen_to_counts(f, s, o)) != ERR_OK)
		subscriber_forget(s);
	if (e == ERR_OK)
		open_stream(f, s, o->epoch, o->head);
	else {
		log_err("stream refused", LOG_TEXT("reason", err_text(e)));
		stream_cut(stream);
	}
	subscriber_opening_free(o);
}

void
fanout_end(struct fanout *f, fanout_holds_fn *holds, void *arg)
{
	struct subscriber *s, *next;

	for (s = TAILQ_FIRST(&f->host.all); s != NULL; s = next) {
		next = TAILQ_NEXT(s, links);
		if (holds == NULL || !holds(arg, s))
			subscriber_close(s);
	}
}

void
fanout_reduce(struct fanout *f, size_t left, uint32_t spread_ms)
{
	while (f->host.n > left) {
		struct subscriber *s = TAILQ_FIRST(&f->host.all);

		subscriber_pause(
		    s, s->retry_ms + (uint32_t)spread_random(spread_ms));
	}
}

size_t
fanout_subscribers(const struct fanout *f)
{
	return f->host.n;
}

enum err
fanout_new(struct fanout **out, const struct fanout_settings *settings)
{
	struct fanout *f = mem_calloc(1, sizeof(*f));
	enum err e;

	if (f == NULL)
		return ERR_NOMEM;
	f->settings = *settings;
	f->rest.open = do_rest;
	effort_init(&f->live.effort, settings->effort, clock_mono_ms());
	effort_init(&f->replay.effort, settings->effort, clock_mono_ms());
	STAILQ_INIT(&f->live.batches);
	e = subscriber_host_init(&f->host, settings->loop, settings->framing);
	if (e == ERR_OK)
		e = ring_new(&f->ring);
	if (e != ERR_OK) {
		fanout_free(f);
		return e;
	}
	*out = f;
	return ERR_OK;
}

void
fanout_on_ask(struct fanout *f, fanout_ask_fn *ask, void *arg)
{
	f->ask = ask;
	f->ask_arg = arg;
}

void
fanout_on_count(struct fanout *f, fanout_count_fn *count, void *arg)
{
	f->count = count;
	f->count_arg = arg;
}

void
fanout_free(struct fanout *f)
{
	struct batch *b;

	if (f == NULL)
		return;
	while ((b = STAILQ_FIRST(&f->live.batches)) != NULL) {
		STAILQ_REMOVE_HEAD(&f->live.batches, links);
		batch_done(b);
	}
	batch_done(f->replay.batch);
	ring_free(f->ring);
	counts_free(f->counts);
	subscriber_host_free(&f->host);
	mem_free(f);
}
