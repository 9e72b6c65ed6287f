/* SPDX-License-Identifier: MIT */
/* worker.c - a fixed pool of threads over one list of jobs. */
#include "hub/worker.h"

#include <pthread.h>

#include "base/mem.h"
#include "hub/footprint.h"

struct workers {
	pthread_mutex_t mutex; /* guards all below but `threads` */
	pthread_cond_t more;
	TAILQ_HEAD(, worker_job) jobs;
	struct settings *settings;
	bool stopping;

	enum framing framing;
	struct roster *roster;
	struct patterns *patterns;
	size_t n;
	pthread_t threads[];
};

/* The next job and the settings in force; NULL: there will be none. */
static struct worker_job *
next(struct workers *w, struct settings **settings)
{
	struct worker_job *j;

	pthread_mutex_lock(&w->mutex);
	while ((j = TAILQ_FIRST(&w->jobs)) == NULL && !w->stopping)
		pthread_cond_wait(&w->more, &w->mutex);
	if (j != NULL)
		TAILQ_REMOVE(&w->jobs, j, links);
	*settings = settings_ref(w->settings);
	pthread_mutex_unlock(&w->mutex);
	return j;
}

static void *
work(void *arg)
{
	struct workers *w = arg;
	struct context c = { .framing = w->framing,
		.roster = w->roster,
		.patterns = w->patterns };
	struct settings *settings;
	struct worker_job *j;

	while ((j = next(w, &settings)) != NULL) {
		c.settings = settings;
		j->run(j, &c);
		settings_unref(settings);
		/* Who is alone has one request now and then, and hundreds of
		 * processes beside it: a connection to the database is 60 KB. */
		if (w->n == 1) {
			queue_close(c.queue);
			c.queue = NULL;
			footprint_tidy();
		}
	}
	settings_unref(settings);
	queue_close(c.queue);
	return NULL;
}

enum err
workers_start(struct workers **out, size_t n, struct settings *s,
    enum framing framing, struct roster *roster, struct patterns *patterns)
{
	struct workers *w;

	w = mem_calloc(1, sizeof(*w) + n * sizeof(w->threads[0]));
	if (w == NULL)
		return ERR_NOMEM;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->more, NULL);
	TAILQ_INIT(&w->jobs);
	w->settings = settings_ref(s);
	w->framing = framing;
	w->roster = roster;
	w->patterns = patterns;
	while (w->n < n) {
		if (pthread_create(&w->threads[w->n], NULL, work, w) != 0) {
			workers_stop(w);
			return ERR_NOMEM;
		}
		w->n++;
	}
	*out = w;
	return ERR_OK;
}

void
workers_submit(struct workers *w, struct worker_job *j)
{
	pthread_mutex_lock(&w->mutex);
	TAILQ_INSERT_TAIL(&w->jobs, j, links);
	pthread_mutex_unlock(&w->mutex);
	/* Not before: who wakes up would wait for the mutex. */
	pthread_cond_signal(&w->more);
}

void
workers_set_settings(struct workers *w, struct settings *s)
{
	struct settings *old;

	pthread_mutex_lock(&w->mutex);
	old = w->settings;
	w->settings = settings_ref(s);
	pthread_mutex_unlock(&w->mutex);
	settings_unref(old);
}

struct settings *
workers_settings(struct workers *w)
{
	struct settings *s;

	pthread_mutex_lock(&w->mutex);
	s = settings_ref(w->settings);
	pthread_mutex_unlock(&w->mutex);
	return s;
}

void
workers_stop(struct workers *w)
{
	size_t i;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->mutex);
	w->stopping = true;
	pthread_cond_broadcast(&w->more);
	pthread_mutex_unlock(&w->mutex);
	for (i = 0; i < w->n; i++)
		pthread_join(w->threads[i], NULL);
	settings_unref(w->settings);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->mutex);
	mem_free(w);
}
