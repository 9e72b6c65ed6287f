/* SPDX-License-Identifier: MIT */
/* hub.c - the life of a process that holds streams. */
#include "hub/hub.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/queue.h"
#include "fanout/tailer.h"
#include "hub/key_fetcher.h"
#include "hub/pace.h"

#define RING_BYTES_MAX ((size_t)16 << 20)

/* How long peers may take to read their last bytes. */
#define DRAIN_MS 5000

/* How often the log reports how many lines were left out of it. */
#define LOG_MS 1000

enum life {
	LIFE_RUNNING,
	LIFE_DRAINING, /* takes no new connections; its streams end */
	LIFE_OVER      /* the loop does not run any more */
};

struct hub {
	struct loop *loop;
	struct settings_slot *settings;
	struct stream_host host;
	struct fanout *fanout;
	struct tailer *tailer;
	struct key_fetcher *key_fetcher;
	struct hub_hooks hooks;
	hub_kept_fn *kept;
	void *kept_arg;
	struct loop_watch signals;
	struct loop_timer deadline;
	struct loop_mail log_due; /* lines were left out of the log */
	struct loop_timer log_timer;
	struct pace pace;
	int64_t window_ms;
	size_t held;
	enum life life;
	bool ends_with_streams; /* also without hub_drain() */
};

static void
stop_if_done(struct hub *h)
{
	if ((h->life != LIFE_RUNNING || h->ends_with_streams) &&
	    h->host.open == 0 && h->held == 0)
		loop_stop(h->loop);
}

static void
stream_closed(struct stream_host *host)
{
	stop_if_done(CONTAINER(struct hub, host, host));
}

void
hub_hold(struct hub *h)
{
	h->held++;
}

void
hub_release(struct hub *h)
{
	h->held--;
	stop_if_done(h);
}

static void
deadline_fire(struct loop_timer *t)
{
	struct hub *h = CONTAINER(struct hub, deadline, t);

	log_warn("end not waited for", LOG_UINT("streams", h->host.open),
	    LOG_UINT("requests", h->held));
	loop_stop(h->loop);
}

/* In any thread. */
static void
log_pending(void *arg)
{
	struct hub *h = arg;

	loop_post(h->loop, &h->log_due);
}

static void
log_due(struct loop_mail *m)
{
	struct hub *h = CONTAINER(struct hub, log_due, m);

	loop_timer_set(h->loop, &h->log_timer, loop_now(h->loop) + LOG_MS);
}

static void
log_timer_fire(struct loop_timer *t)
{
	struct hub *h = CONTAINER(struct hub, log_timer, t);
	int64_t due = log_flush() ? INT64_MAX : loop_now(h->loop) + LOG_MS;

	loop_timer_set(h->loop, t, due);
}

static void
start_draining(struct hub *h)
{
	log_info(
	    "draining", LOG_UINT("streams", fanout_subscribers(h->fanout)));
	h->life = LIFE_DRAINING;
	h->host.hurried = true;
	if (h->hooks.drain != NULL)
		h->hooks.drain(h->hooks.arg);
	pace_begin(&h->pace, h->fanout, h->window_ms);
}

/* False: it was done before. */
static bool
end_at_once(struct hub *h)
{
	const size_t streams = fanout_subscribers(h->fanout);

	if (!pace_hurry(&h->pace))
		return false;
	log_info("ending at once", LOG_UINT("streams", streams));
	return true;
}

/* The deadline counts from the end of the window, or from now if the streams
 * end at once. */
void
hub_drain(struct hub *h)
{
	if (h->life == LIFE_RUNNING)
		start_draining(h);
	else if (!end_at_once(h))
		return;
	loop_timer_set(h->loop, &h->deadline, pace_end_ms(&h->pace) + DRAIN_MS);
	stop_if_done(h);
}

void
hub_end_with_streams(struct hub *h)
{
	h->ends_with_streams = true;
}

bool
hub_is_draining(const struct hub *h)
{
	return h->life != LIFE_RUNNING;
}

void
hub_opened(struct hub *h)
{
	if (h->life != LIFE_RUNNING)
		pace_run(&h->pace);
}

bool
hub_is_closing(const struct hub *h)
{
	return h->life == LIFE_OVER;
}

static bool
still_holds(void *arg, const struct subscriber *s)
{
	return settings_admit(arg, s->grant);
}

void
hub_settings_changed(struct hub *h)
{
	struct settings *s;

	if (h->life == LIFE_OVER)
		return;
	s = settings_slot_get(h->settings);
	if (key_fetcher_use(h->key_fetcher, s) != ERR_OK)
		log_err("no thread to fetch keys",
		    LOG_TEXT("hint", "restart this program"));
	h->host.queued_max = (size_t)s->config->queued_bytes_max;
	if (h->hooks.use != NULL)
		h->hooks.use(h->hooks.arg, s);
	fanout_end(h->fanout, still_holds, s);
	settings_unref(s);
}

static void
keys_changed(void *arg)
{
	hub_settings_changed(arg);
}

static void
newer_database(void *arg)
{
	log_err("queue belongs to a newer version",
	    LOG_TEXT("effect", "this program ends"));
	hub_drain(arg);
}

static void
signals_ready(struct loop_watch *w, uint32_t events)
{
	struct hub *h = CONTAINER(struct hub, signals, w);
	struct signalfd_siginfo info;

	(void)events;
	while (read(w->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		/* Streams that are left may be those of a key that is gone. */
		if (info.ssi_signo != SIGHUP || h->life != LIFE_RUNNING)
			hub_drain(h);
		else if (h->hooks.reload != NULL)
			h->hooks.reload(h->hooks.arg);
	}
}

static sigset_t
signals_of_loop(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGHUP);
	return set;
}

void
hub_block_signals(void)
{
	const sigset_t set = signals_of_loop();

	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/*
 * Signals become events of the loop: blocked in every thread, no handler
 * runs anywhere, and no system call is ever interrupted.
 */
static enum err
watch_signals(struct hub *h)
{
	const sigset_t set = signals_of_loop();

	hub_block_signals();
	signal(SIGPIPE, SIG_IGN);

	h->signals.ready = signals_ready;
	h->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (h->signals.fd < 0)
		return ERR_IO;
	return loop_watch(h->loop, &h->signals, EPOLLIN);
}

static enum err
start_parts(struct hub *h, const struct settings *s, enum framing framing,
    struct problem *p)
{
	const struct fanout_settings fanout = { .loop = h->loop,
		.framing = framing,
		.ring_bytes_max = RING_BYTES_MAX,
		.newer = newer_database,
		.arg = h };
	struct tailer_settings tailer = { config_queue(s->config), framing,
		h->loop, fanout_batch, NULL };
	enum err e;

	if ((e = fanout_new(&h->fanout, &fanout)) != ERR_OK)
		return problem_set(p, e, "Out of memory.");
	tailer.arg = h->fanout;
	if ((e = tailer_start(&h->tailer, &tailer, p)) != ERR_OK)
		return e;
	fanout_on_ask(h->fanout, tailer_ask, h->tailer);
	/* The first batch is there: it says where the log ends. */
	loop_empty(h->loop);
	if ((e = key_fetcher_new(&h->key_fetcher, h->loop, h->settings,
		 keys_changed, h)) != ERR_OK)
		return problem_set(p, e, "Out of memory.");
	if ((e = key_fetcher_use(h->key_fetcher, s)) != ERR_OK)
		return problem_set(p, e, "No thread to fetch keys.");
	return ERR_OK;
}

enum err
hub_open(struct hub **out, struct settings_slot *settings, enum framing framing,
    const struct hub_hooks *hooks, struct problem *p)
{
	struct hub *h = mem_calloc(1, sizeof(*h));
	struct settings *s;
	enum err e;

	if (h == NULL)
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	s = settings_slot_get(settings);
	h->settings = settings;
	h->signals.fd = -1;
	h->hooks = *hooks;
	h->deadline.fire = deadline_fire;
	h->log_due.open = log_due;
	h->log_timer.fire = log_timer_fire;
	h->window_ms = (int64_t)s->config->drain_window_s * 1000;
	h->host.framing = framing;
	h->host.closed = stream_closed;
	h->host.queued_max = (size_t)s->config->queued_bytes_max;
	if ((e = loop_new(&h->loop)) != ERR_OK ||
	    (e = watch_signals(h)) != ERR_OK) {
		problem_set(p, e, "No event loop: %s.", err_text(e));
		goto out;
	}
	/* Take the timers' places now: at the end there may be no memory. */
	if ((e = loop_timer_set(h->loop, &h->deadline, INT64_MAX)) != ERR_OK ||
	    (e = pace_init(&h->pace, h->loop)) != ERR_OK ||
	    (e = loop_timer_set(h->loop, &h->log_timer, INT64_MAX)) != ERR_OK) {
		problem_set(p, e, "Out of memory.");
		goto out;
	}
	h->host.loop = h->loop;
	log_bound(log_pending, h);
	if ((e = start_parts(h, s, framing, p)) != ERR_OK)
		goto out;

	*out = h;
	h = NULL;
out:
	settings_unref(s);
	hub_close(h);
	return e;
}

static void
stream_kept(struct stream_host *host, int fd)
{
	struct hub *h = CONTAINER(struct hub, host, host);

	h->kept(h->kept_arg, fd);
}

void
hub_on_kept(struct hub *h, hub_kept_fn *kept, void *arg)
{
	h->kept = kept;
	h->kept_arg = arg;
	h->host.kept = stream_kept;
}

struct loop *
hub_loop(struct hub *h)
{
	return h->loop;
}

struct stream_host *
hub_host(struct hub *h)
{
	return &h->host;
}

struct settings_slot *
hub_settings(struct hub *h)
{
	return h->settings;
}

struct fanout *
hub_fanout(struct hub *h)
{
	return h->fanout;
}

void
hub_run(struct hub *h)
{
	loop_run(h->loop);
}

void
hub_cut(struct hub *h)
{
	if (h != NULL)
		stream_host_close(&h->host);
}

void
hub_close(struct hub *h)
{
	if (h == NULL)
		return;
	/* A mode's own parts, such as its workers, may be gone: what is still
	 * in the mail is not for them. */
	h->life = LIFE_OVER;
	key_fetcher_stop(h->key_fetcher);
	tailer_stop(h->tailer);
	if (h->loop != NULL)
		loop_empty(h->loop);
	key_fetcher_free(h->key_fetcher);
	stream_host_close(&h->host);
	/* It may have batches left that the tailer counts. */
	fanout_free(h->fanout);
	tailer_free(h->tailer);
	if (h->signals.fd >= 0)
		close(h->signals.fd);
	log_unbound();
	loop_free(h->loop);
	mem_free(h);
}
