/* SPDX-License-Identifier: MIT */
/* acceptor.c - accept(2) and MSG_PEEK. */
#include "hub/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "wire/listener.h"
#include "wire/record.h"

#define ACCEPT_TURN 64    /* connections taken before others have their turn */
#define REQUEST_MS 5000   /* to send all parameters */
#define BODY_MS 10000     /* to send the body, once it is read */
#define BODY_QUIET_MS 100 /* then the sender waits for a reader */
#define BODY_SEEN 32768   /* likewise */
#define BODY_SURE_MS 1000 /* for so long nobody else gets its room */
#define PAUSE_MS 100      /* out of descriptors */
#define LEAVE_MS 1000     /* for what is on its way when the hub ends */
#define LEAVE_MAX 4096    /* connections that are taken then */

#define PEEK_MAX (RECORD_PARAMS_MAX * 2)

#define EVENTS (EPOLLIN | EPOLLRDHUP | EPOLLET)

struct acceptor {
	struct loop_watch watch;
	struct loop_timer pause;
	struct loop *loop;
	struct exchange_parts *parts;
	TAILQ_HEAD(exchanges, exchange) arrivals; /* requests not whole yet, */
	struct exchanges bodies; /* and those that are read by and by */
	bool stopped;
	int64_t leave_ms; /* nothing is waited for any longer */
	uint8_t peeked[PEEK_MAX];
};

static void
leave(struct exchange *x)
{
	struct acceptor *in = x->arrival.in;

	TAILQ_REMOVE(
	    x->buffer != NULL ? &in->bodies : &in->arrivals, x, arrival.links);
}

static void
drop(struct exchange *x, const char *why)
{
	if (why != NULL)
		log_warn("connection dropped", LOG_TEXT("reason", why));
	leave(x);
	exchange_drop(x);
}

static void
start(struct exchange *x)
{
	leave(x);
	exchange_start(x);
}

static void
refuse(struct exchange *x, int status, const char *sentence)
{
	leave(x);
	exchange_refuse(x, status, sentence);
}

/* False: it had to be dropped. */
static bool
wait_until(struct exchange *x, int64_t due_ms)
{
	struct loop *l = x->arrival.in->loop;

	if (due_ms > x->arrival.in->leave_ms)
		due_ms = x->arrival.in->leave_ms;
	if (!x->watched && loop_watch(l, &x->watch, EVENTS) != ERR_OK) {
		drop(x, "epoll");
		return false;
	}
	x->watched = true;
	if (loop_timer_set(l, &x->timer, due_ms) != ERR_OK) {
		drop(x, err_text(ERR_NOMEM));
		return false;
	}
	return true;
}

/* How the states of a buffer that will not be whole are answered. */
static const struct {
	int status;
	const char *sentence;
} refusals[] = {
	[REQUEST_BUFFER_ENDED] = { 408,
	    "The request's body did not arrive in time." },
	[REQUEST_BUFFER_TOO_LONG] = { 413,
	    "The update is longer than the hub takes (MERCURE_MAX_BODY)." },
	[REQUEST_BUFFER_NO_ROOM] = { 503,
	    "Too many updates arrive slowly (MERCURE_MAX_PENDING_BYTES); "
	    "try again." },
};

/* The body that is on its way for the longest time gives way to another one:
 * else bodies without an end, for which no token is asked yet, take the room of
 * all.  This round of the loop may still hold events for it. */
static bool
make_room(const struct exchange *x)
{
	struct acceptor *in = x->arrival.in;
	struct exchange *old = TAILQ_FIRST(&in->bodies);

	if (old == NULL || old == x ||
	    loop_now(in->loop) - old->arrival.buffering_ms < BODY_SURE_MS)
		return false;
	loop_unwatch(in->loop, &old->watch);
	old->watched = false;
	refuse(old, refusals[REQUEST_BUFFER_NO_ROOM].status,
	    refusals[REQUEST_BUFFER_NO_ROOM].sentence);
	return true;
}

static void
buffer_on(struct exchange *x)
{
	struct problem why = { "" };
	enum request_buffer_state state;

	do {
		state = request_buffer_read(x->buffer, x->watch.fd, &why);
	} while (state == REQUEST_BUFFER_NO_ROOM && make_room(x));
	if (state == REQUEST_BUFFER_WHOLE)
		start(x);
	else if (state == REQUEST_BUFFER_BROKEN)
		drop(x, why.text);
	else if (state != REQUEST_BUFFER_MORE)
		refuse(x, refusals[state].status, refusals[state].sentence);
}

static void
buffer_ready(struct loop_watch *w, uint32_t events)
{
	(void)events;
	buffer_on((struct exchange *)(void *)w);
}

static void
buffer_late(struct loop_timer *t)
{
	refuse(CONTAINER(struct exchange, timer, t),
	    refusals[REQUEST_BUFFER_ENDED].status,
	    refusals[REQUEST_BUFFER_ENDED].sentence);
}

/* A body of which each byte has a record of its own is not worth more. */
static size_t
buffer_max(const struct exchange_parts *p)
{
	struct settings *s = settings_slot_get(hub_settings(p->hub));
	size_t body_max = s->config->body_max;

	settings_unref(s);
	return 2 * (RECORD_PARAMS_MAX + body_max);
}

/* Read a body that comes slowly, or not before somebody reads it. */
static void
buffer_begin(struct exchange *x)
{
	struct acceptor *in = x->arrival.in;
	struct request_buffer *buffer =
	    request_buffer_new(&x->parts->buffer_room, buffer_max(x->parts));

	if (buffer == NULL) {
		drop(x, err_text(ERR_NOMEM));
		return;
	}
	leave(x);
	x->buffer = buffer;
	x->arrival.buffering_ms = loop_now(in->loop);
	TAILQ_INSERT_TAIL(&in->bodies, x, arrival.links);
	x->watch.ready = buffer_ready;
	x->timer.fire = buffer_late;
	if (wait_until(x, loop_now(in->loop) + BODY_MS))
		buffer_on(x);
}

static void
judge(struct exchange *x, size_t seen)
{
	struct acceptor *in = x->arrival.in;
	struct record_scan scan = { .at = 0 };
	int64_t due = x->arrival.deadline_ms;
	struct problem why;
	enum err e;

	e = record_scan(&scan, in->peeked, seen, &why);
	x->id = scan.id;
	x->arrival.body_only = scan.progress == RECORD_BODY;
	if (e == ERR_LIMIT ||
	    (e == ERR_OK && scan.progress == RECORD_MORE && seen == PEEK_MAX)) {
		log_warn(
		    "request refused", LOG_TEXT("reason", "headers too long"));
		refuse(
		    x, 431, "The request's headers are too long for the hub.");
	} else if (e != ERR_OK)
		drop(x, why.text);
	else if (scan.progress == RECORD_COMPLETE)
		start(x);
	else if (scan.progress == RECORD_BODY && seen >= BODY_SEEN)
		buffer_begin(x);
	else {
		if (scan.progress == RECORD_BODY &&
		    loop_now(in->loop) + BODY_QUIET_MS < due)
			due = loop_now(in->loop) + BODY_QUIET_MS;
		wait_until(x, due);
	}
}

static void
arrival_ready(struct loop_watch *w, uint32_t events)
{
	struct exchange *x = (struct exchange *)(void *)w;
	struct acceptor *in = x->arrival.in;
	ssize_t n = recv(w->fd, in->peeked, PEEK_MAX, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		wait_until(x, x->arrival.deadline_ms);
		return;
	}
	if (n <= 0) {
		drop(x, n < 0 ? strerror(errno) : NULL);
		return;
	}
	/* A peer that closes its side will not send what is missing. */
	if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0)
		x->arrival.deadline_ms = loop_now(in->loop);
	judge(x, (size_t)n);
}

static void
arrival_late(struct loop_timer *t)
{
	struct exchange *x = CONTAINER(struct exchange, timer, t);

	if (x->arrival.body_only)
		buffer_begin(x);
	else
		drop(x, "no complete request in time");
}

static void
arrive(struct acceptor *in, int fd)
{
	struct exchange *x;

	if (!listener_trusts(fd)) {
		log_warn("connection dropped",
		    LOG_TEXT("reason", "peer not listed"),
		    LOG_TEXT("setting", "FCGI_WEB_SERVER_ADDRS"));
		close(fd);
		return;
	}
	if ((x = exchange_new(in->parts, fd)) == NULL) {
		log_err("connection dropped", LOG_TEXT("reason", "memory"));
		close(fd);
		return;
	}
	x->watch.ready = arrival_ready;
	x->timer.fire = arrival_late;
	x->arrival.in = in;
	x->arrival.deadline_ms = loop_now(in->loop) + REQUEST_MS;
	TAILQ_INSERT_TAIL(&in->arrivals, x, arrival.links);
	/* Most requests are there with their connection. */
	arrival_ready(&x->watch, 0);
}

static void
go_on(struct loop_timer *t)
{
	struct acceptor *in = CONTAINER(struct acceptor, pause, t);

	if (loop_watch(in->loop, &in->watch, EPOLLIN | EPOLLEXCLUSIVE) !=
	    ERR_OK)
		loop_timer_set(in->loop, t, loop_now(in->loop) + PAUSE_MS);
}

/* Out of descriptors or memory: let the backlog hold them for a while,
 * instead of spinning; but without a timer nobody would end the pause. */
static void
pause_accepting(struct acceptor *in)
{
	int64_t until = loop_now(in->loop) + PAUSE_MS;

	log_err("accept paused", LOG_TEXT("reason", strerror(errno)));
	if (loop_timer_set(in->loop, &in->pause, until) == ERR_OK)
		loop_unwatch(in->loop, &in->watch);
}

static void
accept_some(struct acceptor *in, int most)
{
	int i, fd;

	for (i = 0; i < most; i++) {
		fd = accept4(
		    in->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
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

static void
listener_ready(struct loop_watch *w, uint32_t events)
{
	(void)events;
	accept_some((struct acceptor *)(void *)w, ACCEPT_TURN);
}

enum err
acceptor_new(struct acceptor **out, int listen_fd, struct exchange_parts *parts)
{
	struct acceptor *in = mem_calloc(1, sizeof(*in));
	enum err e;

	if (in == NULL)
		return ERR_NOMEM;
	in->watch.fd = listen_fd;
	in->watch.ready = listener_ready;
	in->pause.fire = go_on;
	in->loop = hub_loop(parts->hub);
	in->parts = parts;
	in->leave_ms = INT64_MAX;
	TAILQ_INIT(&in->arrivals);
	TAILQ_INIT(&in->bodies);
	e = loop_watch(in->loop, &in->watch, EPOLLIN | EPOLLEXCLUSIVE);
	if (e != ERR_OK) {
		mem_free(in);
		return e;
	}
	*out = in;
	return ERR_OK;
}

/*
 * Who is connected by now has been promised an answer: a web server would
 * make 502 of a cut, which a browser takes for the end of all.  So the queue of
 * the listener is emptied, which may have no other process, and requests
 * that are not whole have a moment more.  (Timers act then: this round of the
 * loop may still hold events for an exchange that is gone otherwise.)
 */
void
acceptor_stop(struct acceptor *in)
{
	const int64_t now = loop_now(in->loop);
	struct exchange *x;

	if (in->stopped)
		return;
	in->stopped = true;
	in->leave_ms = now + LEAVE_MS;
	/* Among them may be some that hung up: that is not the end yet. */
	hub_hold(in->parts->hub);
	accept_some(in, LEAVE_MAX);
	loop_timer_stop(in->loop, &in->pause);
	loop_unwatch(in->loop, &in->watch);
	close(in->watch.fd);
	TAILQ_FOREACH (x, &in->arrivals, arrival.links)
		loop_timer_set(in->loop, &x->timer,
		    x->arrival.body_only ? now : in->leave_ms);
	TAILQ_FOREACH (x, &in->bodies, arrival.links)
		loop_timer_set(in->loop, &x->timer, in->leave_ms);
	hub_release(in->parts->hub);
}

void
acceptor_free(struct acceptor *in)
{
	mem_free(in);
}
