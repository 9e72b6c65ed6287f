/* SPDX-License-Identifier: MIT */
/* worker.c - a fixed pool of threads over one list of jobs. */
#include "hub/worker.h"

#include <pthread.h>

#include "base/mem.h"
#include "hub/footprint.h"

struct workers {
	pthread_mutex_t mutex; /* guards the jobs and `stopping` */
	pthread_cond_t more;
	TAILQ_HEAD(, worker_job) jobs;
	bool stopping;

	struct settings_slot *settings;
	enum framing framing;
	struct roster *roster;
	struct patterns *patterns;
	size_t n;
	pthread_t threads[];
};

/* The next job; NULL: there will be none. */
static struct worker_job *
next(struct workers *w)
{
	struct worker_job *j;

	pthread_mutex_lock(&w->mutex);
	while ((j = TAILQ_FIRST(&w->jobs)) == NULL && !w->stopping)
		pthread_cond_wait(&w->more, &w->mutex);
	if (j != NULL)
		TAILQ_REMOVE(&w->jobs, j, links);
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
	struct worker_job *j;

	while ((j = next(w)) != NULL) {
		struct settings *settings = settings_slot_get(w->settings);

		c.settings = settings;
		j->run(j, &c);
		settings_unref(settings);
		/* A process with one worker gets a request now and then, and
		 * hundreds of processes run beside it: a connection to the
		 * database takes 60 KB. */
		if (w->n == 1) {
			queue_close(c.queue);
			c.queue = NULL;
			footprint_tidy();
		}
	}
	queue_close(c.queue);
	return NULL;
}

enum err
workers_start(struct workers **out, size_t n, struct settings_slot *settings,
    enum framing framing, struct roster *roster, struct patterns *patterns)
{
	struct workers *w;

	w = mem_calloc(1, sizeof(*w) + n * sizeof(w->threads[0]));
	if (w == NULL)
		return ERR_NOMEM;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->more, NULL);
	TAILQ_INIT(&w->jobs);
	w->settings = settings;
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
	/* After the unlock: a thread that wakes up does not have to wait for
	 * the mutex. */
	pthread_cond_signal(&w->more);
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
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->mutex);
	mem_free(w);
}
