/* SPDX-License-Identifier: MIT */
/* key_fetcher.c - looks for other keys once a second, and fetches them in time. */
#include "hub/key_fetcher.h"

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/key_sets.h"
#include "config/queue.h"

#define TICK_MS 1000

struct key_fetcher {
	struct loop *loop;
	key_fetcher_renewed_fn *renewed;
	void *arg;

	bool started;
	pthread_t thread;
	_Atomic bool stop;

	pthread_mutex_t mutex; /* guards the settings */
	pthread_cond_t more;   /* other settings, or the end */
	struct settings *settings;

	/* The thread's own. */
	struct queue *queue;
	bool ailing; /* the queue could not be opened: say it once */
};

struct renewal {
	struct loop_mail mail;
	struct key_fetcher *key_fetcher;
	struct settings *settings;
};

static void
renewal_open(struct loop_mail *m)
{
	struct renewal *r = CONTAINER(struct renewal, mail, m);

	r->key_fetcher->renewed(r->key_fetcher->arg, r->settings);
	settings_unref(r->settings);
	mem_free(r);
}

static struct settings *
current(struct key_fetcher *fr)
{
	struct settings *s;

	pthread_mutex_lock(&fr->mutex);
	s = settings_ref(fr->settings);
	pthread_mutex_unlock(&fr->mutex);
	return s;
}

/* Unless others have been put in force meanwhile. */
static bool
replace(struct key_fetcher *fr, struct settings *old, struct settings *fresh)
{
	bool same;

	pthread_mutex_lock(&fr->mutex);
	if ((same = fr->settings == old))
		fr->settings = settings_ref(fresh);
	pthread_mutex_unlock(&fr->mutex);
	if (same)
		settings_unref(old);
	return same;
}

/* Without memory, the next turn finds the same again. */
static void
renew(struct key_fetcher *fr, struct settings *s)
{
	struct renewal *r = mem_calloc(1, sizeof(*r));
	struct settings *fresh = NULL;

	if (r == NULL)
		return;
	if (settings_renew(&fresh, s, fr->queue, clock_real_ms()) != ERR_OK ||
	    fresh == NULL || !replace(fr, s, fresh)) {
		settings_unref(fresh);
		mem_free(r);
		return;
	}
	log_info("keys changed");
	r->mail.open = renewal_open;
	r->key_fetcher = fr;
	r->settings = fresh;
	loop_post(fr->loop, &r->mail);
}

static bool
open_queue(struct key_fetcher *fr, const struct settings *s)
{
	const struct queue_settings qs = config_queue(s->config);
	struct problem p = { "" };

	if (fr->queue == NULL &&
	    queue_open(&fr->queue, &qs, QUEUE_WRITE, &p) != ERR_OK &&
	    !fr->ailing)
		log_err("queue not opened reason=\"%s\"", p.text);
	fr->ailing = fr->queue == NULL;
	return !fr->ailing;
}

static void
fetch(struct key_fetcher *fr, const struct settings *s)
{
	for (size_t i = 0; i < CONFIG_ROLES; i++) {
		const struct jwks_source src = { s->role[i].url,
			s->config->ca_file };

		if (src.url != NULL && !atomic_load(&fr->stop))
			jwks_refresh(fr->queue, &src,
			    atomic_load(&s->wanted_ms[i]), &fr->stop);
	}
}

static void
turn(struct key_fetcher *fr)
{
	struct settings *s = current(fr);

	if (settings_fetch(s) && open_queue(fr, s)) {
		fetch(fr, s);
		renew(fr, s);
	}
	settings_unref(s);
}

static void
wait(struct key_fetcher *fr, const struct settings *seen)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TICK_MS / 1000;
	pthread_mutex_lock(&fr->mutex);
	while (!atomic_load(&fr->stop) && fr->settings == seen)
		if (pthread_cond_timedwait(&fr->more, &fr->mutex, &until) != 0)
			break;
	pthread_mutex_unlock(&fr->mutex);
}

static void *
run(void *arg)
{
	struct key_fetcher *fr = arg;

	while (!atomic_load(&fr->stop)) {
		struct settings *seen;

		turn(fr);
		seen = current(fr);
		wait(fr, seen);
		settings_unref(seen);
	}
	return NULL;
}

enum err
key_fetcher_new(struct key_fetcher **out, struct loop *loop,
    key_fetcher_renewed_fn *renewed, void *arg)
{
	struct key_fetcher *fr = mem_calloc(1, sizeof(*fr));
	pthread_condattr_t attr;

	if (fr == NULL)
		return ERR_NOMEM;
	fr->loop = loop;
	fr->renewed = renewed;
	fr->arg = arg;
	pthread_mutex_init(&fr->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&fr->more, &attr);
	pthread_condattr_destroy(&attr);
	*out = fr;
	return ERR_OK;
}

enum err
key_fetcher_use(struct key_fetcher *fr, struct settings *s)
{
	struct settings *old;

	if (!fr->started && !settings_fetch(s))
		return ERR_OK;
	pthread_mutex_lock(&fr->mutex);
	old = fr->settings;
	fr->settings = settings_ref(s);
	pthread_cond_signal(&fr->more);
	pthread_mutex_unlock(&fr->mutex);
	settings_unref(old);
	if (!fr->started)
		fr->started = pthread_create(&fr->thread, NULL, run, fr) == 0;
	return fr->started ? ERR_OK : ERR_NOMEM;
}

void
key_fetcher_stop(struct key_fetcher *fr)
{
	if (fr == NULL || !fr->started)
		return;
	pthread_mutex_lock(&fr->mutex);
	atomic_store(&fr->stop, true);
	pthread_cond_signal(&fr->more);
	pthread_mutex_unlock(&fr->mutex);
	pthread_join(fr->thread, NULL);
	fr->started = false;
}

void
key_fetcher_free(struct key_fetcher *fr)
{
	if (fr == NULL)
		return;
	queue_close(fr->queue);
	settings_unref(fr->settings);
	pthread_cond_destroy(&fr->more);
	pthread_mutex_destroy(&fr->mutex);
	mem_free(fr);
}
