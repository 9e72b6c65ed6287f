/* SPDX-License-Identifier: MIT */
/* publish_thread.c - group commit: while one batch is written, the next one gathers. */
#include "hub/publish_thread.h"

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/footprint.h"
#include "presence/writer.h"

#define GROUP_MAX 256

/* History has an age limit that must hold without publishes, too. */
#define PRUNE_TICK_MS 60000

STAILQ_HEAD(entries, commit_entry);

struct commit {
	pthread_t thread;
	struct queue *queue;
	struct loop *loop;
	struct commit_limits limits;
	struct presence_writer presence;
	bool spare;

	pthread_mutex_t mutex; /* guards all below */
	pthread_cond_t more;
	struct entries parked;
	size_t n, bytes;
	bool stopping, kicked;
};

static struct timespec
timespec_at(int64_t ms)
{
	return (struct timespec){ (time_t)(ms / 1000),
		(long)(ms % 1000) * 1000000 };
}

/* Up to GROUP_MAX parked publishes; 0: it is time for other things, or to
 * stop. */
static size_t
take_group(
    struct commit *c, struct commit_entry **group, int64_t until_ms, bool *stop)
{
	const struct timespec until = timespec_at(until_ms);
	struct commit_entry *e;
	size_t n = 0;
	int rc = 0;

	pthread_mutex_lock(&c->mutex);
	while (c->n == 0 && !c->stopping && !c->kicked && rc == 0)
		rc = pthread_cond_timedwait(&c->more, &c->mutex, &until);
	c->kicked = false;
	while (n < GROUP_MAX && (e = STAILQ_FIRST(&c->parked)) != NULL) {
		STAILQ_REMOVE_HEAD(&c->parked, links);
		group[n++] = e;
	}
	*stop = n == 0 && c->stopping;
	pthread_mutex_unlock(&c->mutex);
	return n;
}

/* They leave the account only when they have their answer. */
static void
answer_group(
    struct commit *c, struct commit_entry **group, size_t n, enum err result)
{
	size_t i, bytes = 0;

	for (i = 0; i < n; i++)
		bytes += update_bytes(group[i]->update);
	pthread_mutex_lock(&c->mutex);
	c->n -= n;
	c->bytes -= bytes;
	pthread_mutex_unlock(&c->mutex);
	for (i = 0; i < n; i++) {
		group[i]->result = result;
		loop_post(c->loop, &group[i]->mail);
	}
}

static void
commit_group(struct commit *c, struct commit_entry **group, size_t n)
{
	const struct update *updates[GROUP_MAX];
	struct problem p = { "" };
	enum err e;

	for (size_t i = 0; i < n; i++)
		updates[i] = update_view(group[i]->update);
	e = queue_append(c->queue, updates, n, &p);
	if (e != ERR_OK)
		log_err("publishes failed n=%zu reason=\"%s\"", n,
		    p.text[0] != '\0' ? p.text : err_text(e));
	answer_group(c, group, n, e);
	/* The publishers have their answers: now the subscribers. */
	if (e == ERR_OK && n > 0)
		queue_wake(c->queue);
}

static void *
commit_groups(void *arg)
{
	struct commit *c = arg;
	struct commit_entry *group[GROUP_MAX];
	int64_t prune_ms = clock_mono_ms() + PRUNE_TICK_MS;
	int64_t due_ms = 0;
	bool stop = false;

	while (!stop) {
		const int64_t until_ms = due_ms < prune_ms ? due_ms : prune_ms;
		const size_t n = take_group(c, group, until_ms, &stop);
		const bool prune = clock_mono_ms() >= prune_ms;

		if (n > 0 || prune)
			commit_group(c, group, n);
		if (prune)
			prune_ms = clock_mono_ms() + PRUNE_TICK_MS;
		due_ms = presence_writer_run(&c->presence);
		if (c->spare && (n > 0 || c->presence.wrote))
			thrift_tidy();
		c->presence.wrote = false;
	}
	presence_writer_finish(&c->presence);
	return NULL;
}

static void
commit_kick(void *arg)
{
	struct commit *c = arg;

	pthread_mutex_lock(&c->mutex);
	c->kicked = true;
	pthread_mutex_unlock(&c->mutex);
	pthread_cond_signal(&c->more);
}

enum err
commit_submit(struct commit *c, struct commit_entry *e)
{
	size_t bytes = update_bytes(e->update);
	enum err result = ERR_LIMIT;

	pthread_mutex_lock(&c->mutex);
	if (c->n < c->limits.entries_max &&
	    (c->n == 0 || c->bytes + bytes <= c->limits.bytes_max)) {
		STAILQ_INSERT_TAIL(&c->parked, e, links);
		c->n++;
		c->bytes += bytes;
		result = ERR_OK;
	}
	pthread_mutex_unlock(&c->mutex);
	/* Not before: who wakes up would wait for the mutex. */
	if (result == ERR_OK)
		pthread_cond_signal(&c->more);
	return result;
}

static void
init_waiting(struct commit *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->more, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&c->mutex, NULL);
	STAILQ_INIT(&c->parked);
}

static void
commit_free(struct commit *c)
{
	if (c->presence.roster != NULL)
		roster_on_change(c->presence.roster, NULL, NULL);
	queue_close(c->queue);
	pthread_cond_destroy(&c->more);
	pthread_mutex_destroy(&c->mutex);
	mem_free(c);
}

enum err
commit_start(struct commit **out, const struct queue_settings *s,
    const struct commit_limits *limits, struct loop *loop,
    struct roster *roster, struct problem *p)
{
	struct commit *c = mem_calloc(1, sizeof(*c));
	enum err e;

	if (c == NULL)
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	init_waiting(c);
	c->limits = *limits;
	c->spare = s->spare;
	c->loop = loop;
	e = queue_open(&c->queue, s, QUEUE_WRITE, p);
	presence_writer_init(&c->presence, c->queue, roster);
	if (roster != NULL)
		roster_on_change(roster, commit_kick, c);
	if (e == ERR_OK &&
	    pthread_create(&c->thread, NULL, commit_groups, c) != 0)
		e = problem_set(p, ERR_NOMEM, "No thread to publish with.");
	if (e != ERR_OK) {
		commit_free(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}

void
commit_stop(struct commit *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->mutex);
	c->stopping = true;
	pthread_cond_signal(&c->more);
	pthread_mutex_unlock(&c->mutex);
	pthread_join(c->thread, NULL);
	commit_free(c);
}
