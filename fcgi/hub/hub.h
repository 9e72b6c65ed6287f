/* SPDX-License-Identifier: MIT */
/* hub.h - what every mode runs: loop, fan-out, tailer, signals, shutdown. */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include <stddef.h>

#include "endpoint/settings_slot.h"
#include "fanout/fanout.h"
#include "wire/stream.h"

/* Owner: the main thread, which is the loop thread. */
struct hub;

/* What a mode adds; each may be NULL. */
struct hub_hooks {
	void (*reload)(void *arg); /* SIGHUP */
	void (*drain)(void *arg);  /* take no new requests from now on */
	/* These settings are in force, other than before; `s` is borrowed. */
	void (*use)(void *arg, const struct settings *s);
	void *arg;
};

/*
 * Blocks the signals it handles (SIGTERM, SIGINT, SIGUSR1: drain; SIGHUP:
 * reload, and drain once the hub drains) for this and all later threads, opens
 * the queue and starts to tail it.  `settings` must live longer.  The problem
 * names the setting or file to fix.
 */
enum err hub_open(struct hub **out, struct settings_slot *settings,
    enum framing framing, const struct hub_hooks *hooks, struct problem *p);

struct loop *hub_loop(struct hub *h);
struct stream_host *hub_host(struct hub *h);
struct fanout *hub_fanout(struct hub *h);

struct settings_slot *hub_settings(struct hub *h);

/* Have the descriptors of streams with stream_keep() given to `kept`. */
typedef void hub_kept_fn(void *arg, int fd);
void hub_on_kept(struct hub *h, hub_kept_fn *kept, void *arg);

/* Other settings have been put into hub_settings(): end the streams that they
 * do not admit, and keep their keys fresh. */
void hub_settings_changed(struct hub *h);

/*
 * Let the signals that end or reload a hub wait until hub_run() reads them.
 * Called before the socket is there: who can connect may also send a signal,
 * and the handlers of libfcgi would drop it.
 */
void hub_block_signals(void);

/* Keep hub_run() from returning, while something must still be finished. */
void hub_hold(struct hub *h);
void hub_release(struct hub *h);

/*
 * End all streams, each with a cursor frame, one each millisecond and all
 * within MERCURE_DRAIN_WINDOW; then hub_run() returns.  The streams that are
 * left are served meanwhile.  A second call ends them at once.
 */
void hub_drain(struct hub *h);
/* hub_run() returns as well when the last stream has closed by itself. */
void hub_end_with_streams(struct hub *h);
bool hub_is_draining(const struct hub *h);
/* A stream has just been opened.  While the hub drains it ends as the others
 * do: its status is 200, so the browser comes back, which it does not do after
 * an error. */
void hub_opened(struct hub *h);
/* hub_run() has returned. */
bool hub_is_closing(const struct hub *h);

void hub_run(struct hub *h);

/* Close what is left of streams, so that their ends are known.  NULL is
 * allowed. */
void hub_cut(struct hub *h);

void hub_close(struct hub *h); /* NULL is allowed */

#endif
