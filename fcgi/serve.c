/* SPDX-License-Identifier: MIT */
/* serve.c - creates the parts of the responder and destroys them. */
#include "serve.h"

#include <sys/resource.h>

#include <string.h>
#include <unistd.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/queue.h"
#include "config/table.h"
#include "endpoint/enlist.h"
#include "hub/acceptor.h"
#include "hub/exchange.h"

/* Descriptors for everything that is not a stream, besides connections that
 * wait for another request, and those of a worker: its queue, and a request. */
#define DESCRIPTORS_RESERVED 128
#define DESCRIPTORS_WORKER 8

struct server {
	struct exchange_parts parts;
	struct settings_slot *settings;
	struct acceptor *acceptor;
	struct roster *roster;
	struct patterns *patterns;
	const struct config_sources *sources;
	const struct listener_settings *listener;
	struct worker_job reload; /* reads files, so a worker does it */
	struct loop_mail reloaded;
	bool reloading;
	bool again; /* another reload was requested during this one */
};

static void reload(void *arg);

static void
reload_done(struct loop_mail *m)
{
	struct server *sv = CONTAINER(struct server, reloaded, m);

	sv->reloading = false;
	hub_settings_changed(sv->parts.hub);
	if (sv->again && !hub_is_draining(sv->parts.hub))
		reload(sv);
	hub_release(sv->parts.hub);
}

/* Queues are open all the time, so the setting of the queue holds until the
 * end: a worker that opens its queue later opens the same one. */
static enum err
restore_queue_url(
    struct config *config, const struct config *old, struct problem *p)
{
	static const char setting[] = "MERCURE_TRANSPORT_URL";

	if (strcmp(old->transport_url, config->transport_url) == 0)
		return ERR_OK;
	log_warn("setting changes only with a restart",
	    LOG_TEXT("setting", setting));
	return config_option_set(config, config_option_find(slice_of(setting)),
	    slice_of(old->transport_url), "settings in force", p);
}

/* Runs in a worker's thread. */
static void
reload_run(struct worker_job *j, struct context *c)
{
	struct server *sv = CONTAINER(struct server, reload, j);
	struct config *config = NULL;
	struct settings *fresh = NULL;
	struct problem p = { "" };

	if (config_load(&config, sv->sources, &p) != ERR_OK ||
	    restore_queue_url(config, c->settings->config, &p) != ERR_OK ||
	    settings_new(&fresh, config, &p) != ERR_OK) {
		log_err("configuration not read again",
		    LOG_TEXT("reason", p.text),
		    LOG_TEXT("effect", "the one before stays in force"));
	} else {
		settings_inherit(fresh, c->settings);
		settings_load_keys(&fresh);
		settings_slot_set(sv->settings, fresh);
		settings_unref(fresh);
		log_info("configuration read again");
	}
	config_unref(config);
	loop_post(hub_loop(sv->parts.hub), &sv->reloaded);
}

static void
apply_settings(void *arg, const struct settings *s)
{
	struct server *sv = arg;

	enlist_use(sv->roster, s);
}

static void
reload(void *arg)
{
	struct server *sv = arg;

	/* The file may have changed after a running reload read it, so it is
	 * read once more when that one ends. */
	sv->again = sv->reloading;
	if (sv->again)
		return;
	sv->reloading = true;
	sv->reload.run = reload_run;
	sv->reloaded.open = reload_done;
	hub_hold(sv->parts.hub);
	workers_submit(sv->parts.workers, &sv->reload);
}

static void
drain(void *arg)
{
	struct server *sv = arg;

	listener_withdraw(sv->listener);
	if (sv->acceptor != NULL)
		acceptor_stop(sv->acceptor);
}

/* Each stream needs a descriptor, so raise the limit as far as allowed.
 * Returns the number of descriptors. */
static size_t
descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1024;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		getrlimit(RLIMIT_NOFILE, &limit);
	return (size_t)limit.rlim_cur;
}

static size_t
subscribers_max(const struct config *c)
{
	const size_t room = descriptors();
	const size_t reserved = DESCRIPTORS_RESERVED + ACCEPTOR_IDLE_MAX +
				DESCRIPTORS_WORKER * (size_t)c->workers;

	return room > reserved * 2 ? room - reserved : room / 2;
}

static enum err
start(struct server *sv, struct settings *s, int fd, struct problem *p)
{
	const struct config *c = s->config;
	struct queue_settings queue = config_queue(c);
	const struct pending_limits limits = { (size_t)c->pending_max,
		(size_t)c->pending_bytes_max };
	const struct hub_hooks hooks = { reload, drain, apply_settings, sv };
	enum err e;

	sv->parts.subscribers_max = subscribers_max(c);
	sv->parts.buffer_room.max = (size_t)c->pending_bytes_max;
	if ((e = settings_slot_new(&sv->settings, s)) != ERR_OK ||
	    (e = roster_new(&sv->roster)) != ERR_OK ||
	    (e = patterns_new(&sv->patterns)) != ERR_OK)
		return problem_set(p, e, "Out of memory.");
	if ((e = roster_count_in(sv->roster, &queue)) != ERR_OK)
		return problem_set(p, e, "Out of memory.");
	queue.owner = roster_owner(sv->roster);
	enlist_use(sv->roster, s);
	if ((e = hub_open(&sv->parts.hub, sv->settings, FRAMING_FCGI, &hooks,
		 p)) != ERR_OK ||
	    (e = publish_thread_start(&sv->parts.publisher, &queue, &limits,
		 hub_loop(sv->parts.hub), sv->roster, p)) != ERR_OK)
		return e;
	fanout_on_count(
	    hub_fanout(sv->parts.hub), roster_count_now, sv->roster);
	e = workers_start(&sv->parts.workers, (size_t)c->workers, sv->settings,
	    FRAMING_FCGI, sv->roster, sv->patterns);
	if (e != ERR_OK)
		return problem_set(p, e,
		    "No threads for MERCURE_WORKERS = %llu.",
		    (unsigned long long)c->workers);
	if ((e = acceptor_new(&sv->acceptor, fd, &sv->parts)) != ERR_OK)
		problem_set(
		    p, e, "The socket cannot be listened on: %s.", err_text(e));
	return e;
}

/* Open the socket first: perhaps only root can create it in its folder, and
 * queue_take_identity() may give up root. */
static enum err
listen_and_start(struct server *sv, struct settings **s,
    const struct listener_settings *listener, struct problem *p)
{
	const struct queue_settings queue = config_queue((*s)->config);
	int fd;
	enum err e = listener_open(&fd, listener, p);

	if (e != ERR_OK)
		return e;
	if ((e = queue_take_identity(&queue, p)) == ERR_OK) {
		settings_load_keys(s);
		e = start(sv, *s, fd, p);
	}
	if (sv->acceptor == NULL) {
		listener_withdraw(listener);
		close(fd);
	}
	return e;
}

enum err
serve_run(struct settings *s, const struct config_sources *sources,
    const struct listener_settings *listener, struct problem *p)
{
	struct server *sv = mem_calloc(1, sizeof(*sv));
	enum err e;

	if (sv == NULL) {
		settings_unref(s);
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	}
	sv->sources = sources;
	sv->listener = listener;
	if ((e = listen_and_start(sv, &s, listener, p)) == ERR_OK) {
		log_info("serving",
		    LOG_UINT("streams_max", sv->parts.subscribers_max));
		hub_run(sv->parts.hub);
		log_info("ended");
	}
	workers_stop(sv->parts.workers);
	hub_cut(sv->parts.hub);
	publish_thread_stop(sv->parts.publisher);
	hub_close(sv->parts.hub);
	acceptor_free(sv->acceptor);
	roster_free(sv->roster);
	patterns_free(sv->patterns);
	settings_slot_free(sv->settings);
	mem_free(sv);
	settings_unref(s);
	return e;
}
