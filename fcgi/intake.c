/* SPDX-License-Identifier: MIT */
/* intake.c - accept(2) and MSG_PEEK. */
#include "intake.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "container.h"
#include "listener.h"
#include "log.h"
#include "mem.h"
#include "record.h"

#define ACCEPT_TURN 64    /* connections taken before others have their turn */
#define REQUEST_MS 5000   /* to send all parameters */
#define BODY_QUIET_MS 100 /* then the sender waits for a reader */
#define BODY_SEEN 32768   /* likewise */
#define PAUSE_MS 100      /* out of descriptors */

#define PEEK_MAX (RECORD_PARAMS_MAX * 2)

struct intake {
	struct loop_watch watch;
	struct loop_timer pause;
	struct loop *loop;
	struct exchange_parts *parts;
	TAILQ_HEAD(, exchange) arrivals; /* requests not whole yet */
	bool stopped;
	uint8_t peeked[PEEK_MAX];
};

static void
leave(struct exchange *x)
{
	TAILQ_REMOVE(&x->arrival.in->arrivals, x, arrival.links);
}

static void
drop(struct exchange *x, const char *why)
{
	if (why != NULL)
		log_warn("connection dropped reason=\"%s\"", why);
	leave(x);
	exchange_drop(x);
}

static void
start(struct exchange *x, enum worker_lane lane)
{
	leave(x);
	exchange_start(x, lane);
}

/* Wait for more, for as long as the state allows. */
static void
wait(struct exchange *x)
{
	struct loop *l = x->arrival.in->loop;
	int64_t due = x->arrival.deadline_ms;

	if (x->arrival.body_only && loop_now(l) + BODY_QUIET_MS < due)
		due = loop_now(l) + BODY_QUIET_MS;
	if (loop_timer_set(l, &x->timer, due) != ERR_OK)
		drop(x, err_text(ERR_NOMEM));
}

static void
judge(struct exchange *x, size_t seen)
{
	struct record_scan scan = { .at = 0 };
	struct fault why;
	enum err e;

	e = record_scan(&scan, x->arrival.in->peeked, seen, &why);
	x->id = scan.id;
	if (e == ERR_LIMIT ||
	    (e == ERR_OK && scan.progress == RECORD_MORE && seen == PEEK_MAX)) {
		log_warn("request refused reason=\"headers too long\"");
		leave(x);
		exchange_refuse(
		    x, 431, "The request's headers are too long for the hub.");
	} else if (e != ERR_OK)
		drop(x, why.text);
	else if (scan.progress == RECORD_COMPLETE)
		start(x, WORKER_FAST);
	else {
		x->arrival.body_only = scan.progress == RECORD_BODY;
		if (x->arrival.body_only && seen >= BODY_SEEN)
			start(x, WORKER_SLOW);
		else
			wait(x);
	}
}

static void
arrival_ready(struct loop_watch *w, uint32_t events)
{
	struct exchange *x = (struct exchange *)(void *)w;
	ssize_t n;

	(void)events;
	n = recv(
	    w->fd, x->arrival.in->peeked, PEEK_MAX, MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		drop(x, n < 0 ? strerror(errno) : NULL);
	else {
		/* A peer that closes its side will not send what is missing. */
		if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0)
			x->arrival.deadline_ms = loop_now(x->arrival.in->loop);
		judge(x, (size_t)n);
	}
}

static void
arrival_late(struct loop_timer *t)
{
	struct exchange *x = CONTAINER(struct exchange, timer, t);

	/* A body that comes slowly, or not before somebody reads it. */
	if (x->arrival.body_only)
		start(x, WORKER_SLOW);
	else
		drop(x, "no complete request in time");
}

static void
arrive(struct intake *in, int fd)
{
	struct exchange *x;

	if (!listener_trusts(fd)) {
		log_warn("connection dropped reason=\"not in "
			 "FCGI_WEB_SERVER_ADDRS\"");
		close(fd);
		return;
	}
	if ((x = exchange_new(in->parts, fd)) == NULL) {
		close(fd);
		return;
	}
	x->watch.ready = arrival_ready;
	x->timer.fire = arrival_late;
	x->arrival.in = in;
	x->arrival.deadline_ms = loop_now(in->loop) + REQUEST_MS;
	TAILQ_INSERT_TAIL(&in->arrivals, x, arrival.links);
	if (loop_watch(in->loop, &x->watch, EPOLLIN | EPOLLRDHUP | EPOLLET) !=
	    ERR_OK)
		drop(x, "epoll");
	else
		wait(x);
}

static void
go_on(struct loop_timer *t)
{
	struct intake *in = CONTAINER(struct intake, pause, t);

	if (loop_watch(in->loop, &in->watch, EPOLLIN | EPOLLEXCLUSIVE) !=
	    ERR_OK)
		loop_timer_set(in->loop, t, loop_now(in->loop) + PAUSE_MS);
}

/* Out of descriptors or memory: let the backlog hold them for a while,
 * instead of spinning. */
static void
pause_accepting(struct intake *in)
{
	log_err("accept paused reason=\"%s\"", strerror(errno));
	loop_unwatch(in->loop, &in->watch);
	loop_timer_set(in->loop, &in->pause, loop_now(in->loop) + PAUSE_MS);
}

static void
listener_ready(struct loop_watch *w, uint32_t events)
{
	struct intake *in = (struct intake *)(void *)w;
	int i, fd;

	(void)events;
	for (i = 0; i < ACCEPT_TURN; i++) {
		fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			arrive(in, fd);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR && errno != ECONNABORTED) {
			pause_accepting(in);
			return;
		}
	}
}

enum err
intake_new(struct intake **out, int listen_fd, struct exchange_parts *parts)
{
	struct intake *in = mem_calloc(1, sizeof(*in));
	enum err e;

	if (in == NULL)
		return ERR_NOMEM;
	in->watch.fd = listen_fd;
	in->watch.ready = listener_ready;
	in->pause.fire = go_on;
	in->loop = hub_loop(parts->hub);
	in->parts = parts;
	TAILQ_INIT(&in->arrivals);
	e = loop_watch(in->loop, &in->watch, EPOLLIN | EPOLLEXCLUSIVE);
	if (e != ERR_OK) {
		mem_free(in);
		return e;
	}
	*out = in;
	return ERR_OK;
}

void
intake_stop(struct intake *in)
{
	struct exchange *x;

	if (in->stopped)
		return;
	in->stopped = true;
	loop_timer_stop(in->loop, &in->pause);
	loop_unwatch(in->loop, &in->watch);
	close(in->watch.fd);
	while ((x = TAILQ_FIRST(&in->arrivals)) != NULL)
		drop(x, NULL);
}

void
intake_free(struct intake *in)
{
	mem_free(in);
}
