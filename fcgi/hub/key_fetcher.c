/* SPDX-License-Identifier: MIT */
/* key_fetcher.c - compares keys once a second, and fetches those in need. */
#include "hub/key_fetcher.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/key_sets.h"
#include "config/queue.h"

#define TICK_MS 1000

struct key_fetcher {
	struct loop *loop;
	struct settings_slot *settings;
	key_fetcher_changed_fn *changed;
	void *arg;

	bool started;
	pthread_t thread;
	_Atomic bool stop;

	/* The thread's own. */
	struct queue *queue;
	bool ailing; /* the queue could not be opened: log it once */
};

struct change {
	struct loop_mail mail;
	struct key_fetcher *key_fetcher;
};

static void
change_open(struct loop_mail *m)
{
	struct change *c = CONTAINER(struct change, mail, m);

	c->key_fetcher->changed(c->key_fetcher->arg);
	mem_free(c);
}

/* Put the keys that the queue has in force, unless other settings have been put
 * in force meanwhile.  Without memory, the next attempt finds the same. */
static void
refresh(struct key_fetcher *fr, struct settings *s)
{
	struct change *c = mem_calloc(1, sizeof(*c));
	struct settings *fresh = NULL;

	if (c != NULL &&
	    settings_refresh(&fresh, s, fr->queue, clock_real_ms()) == ERR_OK &&
	    fresh != NULL && settings_slot_replace(fr->settings, s, fresh)) {
		log_info("keys changed");
		c->mail.open = change_open;
		c->key_fetcher = fr;
		loop_post(fr->loop, &c->mail);
		c = NULL;
	}
	settings_unref(fresh);
	mem_free(c);
}

static bool
open_queue(struct key_fetcher *fr, const struct settings *s)
{
	const struct queue_settings qs = config_queue(s->config);
	struct problem p = { "" };

	if (fr->queue == NULL &&
	    queue_open(&fr->queue, &qs, QUEUE_WRITE, &p) != ERR_OK &&
	    !fr->ailing)
		log_err("queue not opened", LOG_TEXT("reason", p.text));
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

static void *
run(void *arg)
{
	struct key_fetcher *fr = arg;

	while (!atomic_load(&fr->stop)) {
		struct settings *s = settings_slot_get(fr->settings);

		if (settings_have_urls(s) && open_queue(fr, s)) {
			fetch(fr, s);
			refresh(fr, s);
		}
		settings_slot_wait(
		    fr->settings, s, clock_mono_ms() + TICK_MS, &fr->stop);
		settings_unref(s);
	}
	return NULL;
}

enum err
key_fetcher_new(struct key_fetcher **out, struct loop *loop,
    struct settings_slot *settings, key_fetcher_changed_fn *changed, void *arg)
{
	struct key_fetcher *fr = mem_calloc(1, sizeof(*fr));

	if (fr == NULL)
		return ERR_NOMEM;
	fr->loop = loop;
	fr->settings = settings;
	fr->changed = changed;
	fr->arg = arg;
	*out = fr;
	return ERR_OK;
}

enum err
key_fetcher_use(struct key_fetcher *fr, const struct settings *s)
{
	if (!fr->started && settings_have_urls(s) &&
	    !(fr->started = pthread_create(&fr->thread, NULL, run, fr) == 0))
		return ERR_NOMEM;
	return ERR_OK;
}

void
key_fetcher_stop(struct key_fetcher *fr)
{
	if (fr == NULL || !fr->started)
		return;
	atomic_store(&fr->stop, true);
	settings_slot_wake(fr->settings);
	pthread_join(fr->thread, NULL);
	fr->started = false;
}

void
key_fetcher_free(struct key_fetcher *fr)
{
	if (fr == NULL)
		return;
	queue_close(fr->queue);
	mem_free(fr);
}
