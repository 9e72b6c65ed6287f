/* SPDX-License-Identifier: MIT */
/* loop.h - an event loop: descriptors, timers, mail of other threads. */
#ifndef WIRE_LOOP_H
#define WIRE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Owner: the thread that calls loop_run(); all calls are that thread's but
 * loop_post().  Watches, timers and mail are embedded in the structs of their
 * users and never copied.
 */
struct loop;

struct loop_watch {
	int fd;
	void (*ready)(struct loop_watch *w, uint32_t events); /* EPOLL… bits */
};

struct loop_timer {
	int64_t due_ms; /* clock_mono_ms(); kept by the loop */
	size_t slot;    /* place in the loop's heap, from 1; 0: not set */
	void (*fire)(struct loop_timer *t);
};

struct loop_mail {
	struct loop_mail *next;
	bool posted; /* by loop_post_once(), and not opened yet */
	void (*open)(struct loop_mail *m);
};

enum err loop_new(struct loop **out);

/* Watch w->fd for `events` (epoll_ctl(2) bits, EPOLLET included if wanted).
 * ERR_UNSUPPORTED: a descriptor epoll cannot watch, such as a file's. */
enum err loop_watch(struct loop *l, struct loop_watch *w, uint32_t events);
/* Change the events, or let another struct take the descriptor over: from
 * mail, or from the callback of the struct that gives it away. */
enum err loop_rewatch(struct loop *l, struct loop_watch *w, uint32_t events);

/* Also drops events that were fetched but not delivered yet. */
void loop_unwatch(struct loop *l, struct loop_watch *w);

/* Fire once at `due_ms`; setting it again moves it.  ERR_NOMEM: not set. */
enum err loop_timer_set(struct loop *l, struct loop_timer *t, int64_t due_ms);
void loop_timer_stop(struct loop *l, struct loop_timer *t);

/* The time at which the present turn began. */
int64_t loop_now(const struct loop *l);

/* Any thread: `m` is opened in the loop's thread, in order of posting. */
void loop_post(struct loop *l, struct loop_mail *m);

/* Loop thread: the same for work that is left for the next turn, without effect
 * while `m`, which was zeroed at first, waits to be opened. */
void loop_post_once(struct loop *l, struct loop_mail *m);

/* Run until loop_stop(); one that came before the run ends it at once. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* Open all mail there is: before the first turn, or after the last. */
void loop_empty(struct loop *l);

/* Nothing is watched, set or posted any more. */
void loop_free(struct loop *l);

#endif
