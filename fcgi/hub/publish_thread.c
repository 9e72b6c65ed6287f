/* SPDX-License-Identifier: MIT */
/* publish_thread.c - group commit: one batch is written, the next gathers. */
#include "hub/publish_thread.h"

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/footprint.h"
#include "presence/writer.h"

#define GROUP_MAX 256

/* The history has an age limit, which must hold without publishes, too. */
#define PRUNE_TICK_MS 60000

STAILQ_HEAD(pending, pending_publish);

struct publish_thread {
	pthread_t thread;
	struct queue *queue;
	struct loop *loop;
	struct pending_limits limits;
	struct presence_writer presence;
	bool small;

	pthread_mutex_t mutex; /* guards all below */
	pthread_cond_t more;
	struct pending pending;
	size_t n, bytes;
	bool stopping;
	bool kicked; /* the roster has changed */
};

static struct timespec
timespec_at(int64_t ms)
{
	return (struct timespec){ (time_t)(ms / 1000),
		(long)(ms % 1000) * 1000000 };
}

/* Wait for pending publishes and remove up to GROUP_MAX of them from the list;
 * 0: it is time for other things, or to stop. */
static size_t
next_group(struct publish_thread *t, struct pending_publish **group,
    int64_t until_ms, bool *stop)
{
	const struct timespec until = timespec_at(until_ms);
	struct pending_publish *e;
	size_t n = 0;
	int rc = 0;

	pthread_mutex_lock(&t->mutex);
	while (t->n == 0 && !t->stopping && !t->kicked && rc == 0)
		rc = pthread_cond_timedwait(&t->more, &t->mutex, &until);
	t->kicked = false;
	while (n < GROUP_MAX && (e = STAILQ_FIRST(&t->pending)) != NULL) {
		STAILQ_REMOVE_HEAD(&t->pending, links);
		group[n++] = e;
	}
	*stop = n == 0 && t->stopping;
	pthread_mutex_unlock(&t->mutex);
	return n;
}

/* They count for the limits until they have their answer. */
static void
answer_group(struct publish_thread *t, struct pending_publish **group, size_t n,
    enum err result)
{
	size_t i, bytes = 0;

	for (i = 0; i < n; i++)
		bytes += update_bytes(group[i]->update);
	pthread_mutex_lock(&t->mutex);
	t->n -= n;
	t->bytes -= bytes;
	pthread_mutex_unlock(&t->mutex);
	for (i = 0; i < n; i++) {
		group[i]->result = result;
		loop_post(t->loop, &group[i]->mail);
	}
}

static void
commit_group(struct publish_thread *t, struct pending_publish **group, size_t n)
{
	const struct update *updates[GROUP_MAX];
	struct problem p = { "" };
	enum err e;

	for (size_t i = 0; i < n; i++)
		updates[i] = update_view(group[i]->update);
	e = queue_append(t->queue, updates, n, &p);
	if (e != ERR_OK)
		log_err("publishes failed", LOG_UINT("n", n),
		    LOG_TEXT(
			"reason", p.text[0] != '\0' ? p.text : err_text(e)));
	answer_group(t, group, n, e);
	/* The publishers come first, then the subscribers. */
	if (e == ERR_OK && n > 0)
		queue_wake(t->queue);
}

static void *
commit_groups(void *arg)
{
	struct publish_thread *t = arg;
	struct pending_publish *group[GROUP_MAX];
	int64_t prune_ms = clock_mono_ms() + PRUNE_TICK_MS;
	int64_t due_ms = 0;
	bool stop = false;

	while (!stop) {
		const int64_t until_ms = due_ms < prune_ms ? due_ms : prune_ms;
		const size_t n = next_group(t, group, until_ms, &stop);
		const bool prune = clock_mono_ms() >= prune_ms;

		if (n > 0 || prune)
			commit_group(t, group, n);
		if (prune)
			prune_ms = clock_mono_ms() + PRUNE_TICK_MS;
		due_ms = presence_writer_run(&t->presence);
		if (t->small && (n > 0 || t->presence.wrote))
			footprint_tidy();
		t->presence.wrote = false;
	}
	presence_writer_finish(&t->presence);
	return NULL;
}

static void
publish_thread_kick(void *arg)
{
	struct publish_thread *t = arg;

	pthread_mutex_lock(&t->mutex);
	t->kicked = true;
	pthread_mutex_unlock(&t->mutex);
	pthread_cond_signal(&t->more);
}

enum err
publish_thread_submit(struct publish_thread *t, struct pending_publish *e)
{
	size_t bytes = update_bytes(e->update);
	enum err result = ERR_LIMIT;

	pthread_mutex_lock(&t->mutex);
	if (t->n < t->limits.entries_max &&
	    (t->n == 0 || t->bytes + bytes <= t->limits.bytes_max)) {
		STAILQ_INSERT_TAIL(&t->pending, e, links);
		t->n++;
		t->bytes += bytes;
		result = ERR_OK;
	}
	pthread_mutex_unlock(&t->mutex);
	/* After the unlock: the thread that wakes up does not have to wait for
	 * the mutex. */
	if (result == ERR_OK)
		pthread_cond_signal(&t->more);
	return result;
}

static void
init_waiting(struct publish_thread *t)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->more, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&t->mutex, NULL);
	STAILQ_INIT(&t->pending);
}

static void
publish_thread_free(struct publish_thread *t)
{
	if (t->presence.roster != NULL)
		roster_on_change(t->presence.roster, NULL, NULL);
	queue_close(t->queue);
	pthread_cond_destroy(&t->more);
	pthread_mutex_destroy(&t->mutex);
	mem_free(t);
}

enum err
publish_thread_start(struct publish_thread **out,
    const struct queue_settings *s, const struct pending_limits *limits,
    struct loop *loop, struct roster *roster, struct problem *p)
{
	struct publish_thread *t = mem_calloc(1, sizeof(*t));
	enum err e;

	if (t == NULL)
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	init_waiting(t);
	t->limits = *limits;
	t->small = s->small;
	t->loop = loop;
	e = queue_open(&t->queue, s, QUEUE_WRITE, p);
	presence_writer_init(&t->presence, t->queue, roster);
	if (roster != NULL)
		roster_on_change(roster, publish_thread_kick, t);
	if (e == ERR_OK &&
	    pthread_create(&t->thread, NULL, commit_groups, t) != 0)
		e = problem_set(p, ERR_NOMEM, "No thread to publish with.");
	if (e != ERR_OK) {
		publish_thread_free(t);
		return e;
	}
	*out = t;
	return ERR_OK;
}

void
publish_thread_stop(struct publish_thread *t)
{
	if (t == NULL)
		return;
	pthread_mutex_lock(&t->mutex);
	t->stopping = true;
	pthread_cond_signal(&t->more);
	pthread_mutex_unlock(&t->mutex);
	pthread_join(t->thread, NULL);
	publish_thread_free(t);
}
