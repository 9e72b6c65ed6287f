/* SPDX-License-Identifier: MIT */
/* tailer.c - follows the log and answers replay requests in one thread. */
#include "fanout/tailer.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "fanout/event_frame.h"
#include "queue/start.h"

#define TICK_MS 1000    /* finds what no notification announced */
#define IN_FLIGHT_MAX 4 /* batches the loop has not finished with */

struct tailer {
	struct tailer_settings settings;
	pthread_t thread;
	struct queue *queue;
	_Atomic bool stop;
	_Atomic int in_flight;

	pthread_mutex_t mutex; /* guards the two below */
	bool asked;
	uint64_t question;

	/* The thread's own. */
	uint64_t tail;
	uint64_t epoch;
	uint64_t sessions; /* the last change of one that was posted */
	bool failing;      /* the last read failed, which was logged */
};

struct reading {
	struct tailer *tailer;
	struct batch *batch;
	uint64_t last; /* the last row that became a frame */
	bool failed;
};

static void
row_to_frame(void *arg, uint64_t at, const struct update *u)
{
	struct reading *r = arg;
	struct tailer *t = r->tailer;
	struct frame *f;

	if (r->failed)
		return;
	f = event_frame(t->settings.framing, at, u);
	if (f == NULL) {
		r->failed = true;
		return;
	}
	r->batch->frames[r->batch->n++] = f;
	r->last = at;
}

static void
batch_over(void *owner)
{
	struct tailer *t = owner;

	if (atomic_fetch_sub(&t->in_flight, 1) == IN_FLIGHT_MAX)
		queue_poke(t->queue);
}

static void
batch_open(struct loop_mail *m)
{
	struct batch *b = CONTAINER(struct batch, mail, m);
	struct tailer *t = b->owner;

	t->settings.batch(t->settings.arg, b);
}

static void
batch_post(struct tailer *t, struct batch *b)
{
	b->mail.open = batch_open;
	b->owner = t;
	b->done = batch_over;
	atomic_fetch_add(&t->in_flight, 1);
	loop_post(t->settings.loop, &b->mail);
}

static void
report(struct tailer *t, enum err e)
{
	if (e == ERR_OK && t->failing)
		log_info("queue readable again");
	if (e != ERR_OK && !t->failing)
		log_err("queue not readable", LOG_TEXT("reason", err_text(e)));
	t->failing = e != ERR_OK;
}

/* Another database has taken the place: all positions start over. */
static enum err
change_epoch(struct tailer *t, struct batch *b)
{
	struct queue_start end;
	enum err e = queue_end(t->queue, &end);

	if (e != ERR_OK)
		return e;
	b->key = end.key;
	log_warn(
	    "queue replaced", LOG_TEXT("effect", "every stream starts over"));
	b->kind = BATCH_NEW_EPOCH;
	b->span.epoch = b->key.epoch;
	b->span.next = 0;
	t->epoch = b->key.epoch;
	t->tail = b->span.next;
	t->sessions = b->span.sessions;
	return ERR_OK;
}

/*
 * Events go by the rights there were when they were published, or later ones:
 * a replay waits until the changes have been posted (is_due()), and events wait
 * if there are more changes than one batch takes.
 */
static enum err
add_sessions(struct tailer *t, struct batch *b)
{
	enum err e;

	if (b->span.sessions <= t->sessions || b->kind == BATCH_REPLAY)
		return ERR_OK;
	e = session_changes_read(&b->sessions, t->queue, t->sessions);
	if (e != ERR_OK)
		return e;
	if (b->sessions->n == SESSION_CHANGES_MAX) {
		while (b->n > 0)
			frame_unref(b->frames[--b->n]);
		b->span.next = b->after;
	} else if (b->sessions->number < b->span.sessions) {
		b->sessions->number = b->span.sessions;
	}
	return ERR_OK;
}

static enum err
batch_read(struct tailer *t, struct batch *b)
{
	struct reading r = { .tailer = t, .batch = b, .last = b->after };
	enum err e;

	e = queue_read(t->queue, b->after, t->epoch, BATCH_ROWS_MAX,
	    BATCH_BYTES_MAX, row_to_frame, &r, &b->span);
	if (e != ERR_OK)
		return e;
	if (b->span.epoch != t->epoch)
		return change_epoch(t, b);
	if (r.failed) {
		/* A row that did not become a frame is read again next time. */
		b->span.next = r.last;
		if (b->n == 0)
			return ERR_NOMEM;
	}
	return add_sessions(t, b);
}

/* Is there something to post, and is this the moment? */
static bool
is_due(const struct tailer *t, const struct batch *b)
{
	if (b->kind == BATCH_LIVE)
		return b->n > 0 || b->sessions != NULL;
	return b->kind != BATCH_REPLAY || b->span.sessions <= t->sessions;
}

/* The rows behind `after`, ready to post; NULL: none, or not now. */
static struct batch *
read_on(struct tailer *t, uint64_t after, enum batch_kind kind)
{
	struct batch *b = batch_new();
	enum err e;

	if (b == NULL)
		return NULL;
	b->after = after;
	b->kind = kind;
	e = batch_read(t, b);
	report(t, e);
	if (e == ERR_NEWER)
		b->kind = BATCH_NEWER;
	else if (e != ERR_OK || !is_due(t, b)) {
		batch_done(b);
		return NULL;
	}
	return b;
}

static bool
copy_question(struct tailer *t, uint64_t *after)
{
	bool asked;

	pthread_mutex_lock(&t->mutex);
	asked = t->asked;
	*after = t->question;
	pthread_mutex_unlock(&t->mutex);
	return asked;
}

static void
question_done(struct tailer *t)
{
	pthread_mutex_lock(&t->mutex);
	t->asked = false;
	pthread_mutex_unlock(&t->mutex);
}

void
tailer_ask(void *tailer, uint64_t after)
{
	struct tailer *t = tailer;

	pthread_mutex_lock(&t->mutex);
	t->asked = true;
	t->question = after;
	pthread_mutex_unlock(&t->mutex);
	queue_poke(t->queue);
}

static bool
answer_question(struct tailer *t)
{
	uint64_t after;
	struct batch *b;

	if (!copy_question(t, &after) ||
	    (b = read_on(t, after, BATCH_REPLAY)) == NULL)
		return false;
	/* Before the answer is out: it may bring the next question. */
	question_done(t);
	batch_post(t, b);
	return true;
}

static bool
follow_tail(struct tailer *t)
{
	struct batch *b = read_on(t, t->tail, BATCH_LIVE);

	if (b == NULL)
		return false;
	if (b->kind == BATCH_LIVE)
		t->tail = b->span.next;
	if (b->sessions != NULL)
		t->sessions = b->sessions->number;
	if (b->kind == BATCH_NEWER)
		atomic_store(&t->stop, true);
	batch_post(t, b);
	return true;
}

static void *
tail(void *arg)
{
	struct tailer *t = arg;

	while (!atomic_load(&t->stop)) {
		bool more = false;

		if (atomic_load(&t->in_flight) < IN_FLIGHT_MAX) {
			more = answer_question(t);
			more |= follow_tail(t);
		}
		if (!more)
			queue_wait(t->queue, TICK_MS);
	}
	return NULL;
}

/* The first batch: where we are. */
static enum err
first_batch(struct batch **out, struct tailer *t)
{
	struct batch *b = batch_new();
	struct queue_start end;
	enum err e = ERR_NOMEM;

	if (b == NULL)
		return e;
	if ((e = queue_end(t->queue, &end)) != ERR_OK) {
		batch_done(b);
		return e;
	}
	b->key = end.key;
	b->after = end.tail;
	b->span = (struct queue_span){ .epoch = end.key.epoch,
		.next = end.tail,
		.floor = end.floor,
		.sessions = end.sessions };
	b->kind = BATCH_NEW_EPOCH;
	t->tail = b->after;
	t->epoch = b->key.epoch;
	t->sessions = b->span.sessions;
	*out = b;
	return ERR_OK;
}

/*
 * A posted batch cannot be taken back, so `first` goes out when there is a
 * thread, and still before that thread's own: copy_question(), its first
 * step, waits for the mutex.
 */
static bool
start_thread(struct tailer *t, struct batch *first)
{
	bool started;

	pthread_mutex_lock(&t->mutex);
	started = pthread_create(&t->thread, NULL, tail, t) == 0;
	if (started)
		batch_post(t, first);
	pthread_mutex_unlock(&t->mutex);
	return started;
}

enum err
tailer_start(
    struct tailer **out, const struct tailer_settings *s, struct problem *p)
{
	struct tailer *t = mem_calloc(1, sizeof(*t));
	struct batch *first = NULL;
	enum err e;

	if (t == NULL)
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	t->settings = *s;
	pthread_mutex_init(&t->mutex, NULL);
	if ((e = queue_open(&t->queue, &s->queue, QUEUE_READ, p)) != ERR_OK)
		goto out;
	if ((e = first_batch(&first, t)) != ERR_OK) {
		problem_set(p, e, "The queue cannot be read: %s.", err_text(e));
		goto out;
	}
	if (!start_thread(t, first)) {
		e = problem_set(p, ERR_NOMEM, "No thread to read the queue.");
		goto out;
	}
	*out = t;
	t = NULL;
	first = NULL;
out:
	batch_done(first);
	tailer_free(t);
	return e;
}

void
tailer_stop(struct tailer *t)
{
	if (t == NULL)
		return;
	atomic_store(&t->stop, true);
	queue_poke(t->queue);
	pthread_join(t->thread, NULL);
}

void
tailer_free(struct tailer *t)
{
	if (t == NULL)
		return;
	queue_close(t->queue);
	pthread_mutex_destroy(&t->mutex);
	mem_free(t);
}
