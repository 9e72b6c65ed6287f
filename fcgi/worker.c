/* SPDX-License-Identifier: MIT */
/* worker.c - a fixed pool of threads over two lanes of jobs. */
#include "worker.h"

#include <pthread.h>

#include "mem.h"

TAILQ_HEAD(lane, worker_job);

struct workers {
	pthread_mutex_t mutex; /* guards all below but `threads` */
	pthread_cond_t more;
	struct lane lanes[WORKER_LANES];
	size_t slow_now, slow_max;
	struct settings *settings;
	bool stopping;

	enum framing framing;
	size_t n;
	pthread_t threads[];
};

/* Called with the mutex held; NULL: nothing for now. */
static struct worker_job *
take(struct workers *w, bool *slow)
{
	enum worker_lane lane = WORKER_FAST;
	struct worker_job *j = TAILQ_FIRST(&w->lanes[WORKER_FAST]);

	*slow = false;
	if (j == NULL && w->slow_now < w->slow_max) {
		lane = WORKER_SLOW;
		j = TAILQ_FIRST(&w->lanes[WORKER_SLOW]);
		if (j != NULL) {
			w->slow_now++;
			*slow = true;
		}
	}
	if (j != NULL)
		TAILQ_REMOVE(&w->lanes[lane], j, links);
	return j;
}

/* The next job, the settings in force, and what is left of the last one. */
static struct worker_job *
next(struct workers *w, struct settings **settings, bool *slow)
{
	struct worker_job *j;

	pthread_mutex_lock(&w->mutex);
	if (*slow) {
		w->slow_now--;
		pthread_cond_signal(&w->more);
	}
	while ((j = take(w, slow)) == NULL && !w->stopping)
		pthread_cond_wait(&w->more, &w->mutex);
	*settings = settings_ref(w->settings);
	pthread_mutex_unlock(&w->mutex);
	return j;
}

static void *
work(void *arg)
{
	struct workers *w = arg;
	struct context c = { .framing = w->framing };
	struct settings *settings;
	struct worker_job *j;
	bool slow = false;

	while ((j = next(w, &settings, &slow)) != NULL) {
		c.settings = settings;
		j->run(j, &c);
		settings_unref(settings);
	}
	settings_unref(settings);
	queue_close(c.queue);
	return NULL;
}

enum err
workers_start(
    struct workers **out, size_t n, struct settings *s, enum framing framing)
{
	struct workers *w;

	w = mem_calloc(1, sizeof(*w) + n * sizeof(w->threads[0]));
	if (w == NULL)
		return ERR_NOMEM;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->more, NULL);
	TAILQ_INIT(&w->lanes[WORKER_FAST]);
	TAILQ_INIT(&w->lanes[WORKER_SLOW]);
	w->slow_max = n / 2 > 0 ? n / 2 : 1;
	w->settings = settings_ref(s);
	w->framing = framing;
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
workers_submit(struct workers *w, struct worker_job *j, enum worker_lane lane)
{
	pthread_mutex_lock(&w->mutex);
	TAILQ_INSERT_TAIL(&w->lanes[lane], j, links);
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->mutex);
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
