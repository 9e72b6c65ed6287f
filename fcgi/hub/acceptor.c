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
#include "wire/management.h"
#include "wire/record.h"

#define ACCEPT_TURN 64    /* connections accepted in a turn of the loop */
#define REQUEST_MS 5000   /* to send all parameters */
#define BODY_MS 10000     /* to send the body, once it is read */
#define BODY_QUIET_MS 100 /* then the sender waits for a reader */
#define BODY_SEEN 32768   /* likewise */
#define BODY_SURE_MS 1000 /* after that another body may get its room */
#define PAUSE_MS 100      /* out of descriptors */
#define LEAVE_MS 1000     /* for requests on their way when the hub ends */
#define LEAVE_MAX 4096    /* connections accepted then */

/* How long a connection waits for another request: nginx closes it after a
 * minute. */
#define IDLE_MS 75000

/* Management records before a request: a web server needs one. */
#define MANAGED_MAX 8

#define PEEK_MAX (RECORD_PARAMS_MAX * 2)

TAILQ_HEAD(arrivals, arrival);

/* A connection whose next request is not whole yet. */
struct arrival {
	TAILQ_ENTRY(arrival) links;
	struct arrivals *list; /* the one of the acceptor that it is in */
	struct acceptor *acceptor;
	struct connection *connection;
	struct loop_timer timer; /* what is missing must be there by then */
	struct request_buffer *buffer; /* NULL: all waits in the socket */
	int64_t deadline_ms, buffering_ms;
	unsigned managed; /* management records that were answered */
	uint16_t id;
	bool body_only; /* the parameters are complete */
};

struct acceptor {
	struct loop_watch watch;
	struct loop_timer pause;
	struct loop *loop;
	struct exchange_parts *parts;
	struct arrivals arrivals; /* of which nothing was read yet, */
	struct arrivals bodies;   /* those that are read as they come, */
	struct arrivals idle;     /* and kept connections without a request */
	size_t idle_n;
	bool stopped;
	int64_t leave_ms; /* nothing is waited for any longer */
	uint8_t peeked[PEEK_MAX];
};

/* In `list`, one of `in`.  NULL: no memory. */
static struct arrival *
arrival_new(struct acceptor *in, struct arrivals *list, int fd)
{
	struct arrival *a = mem_calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->connection = connection_new(in->parts->hub, fd);
	if (a->connection == NULL) {
		mem_free(a);
		return NULL;
	}
	a->acceptor = in;
	a->list = list;
	TAILQ_INSERT_TAIL(list, a, links);
	in->idle_n += list == &in->idle;
	return a;
}

static void
arrival_move(struct arrival *a, struct arrivals *to)
{
	struct acceptor *in = a->acceptor;

	TAILQ_REMOVE(a->list, a, links);
	in->idle_n -= a->list == &in->idle;
	a->list = to;
	TAILQ_INSERT_TAIL(to, a, links);
}

/* Its connection and its buffer are the caller's from now on. */
static void
arrival_free(struct arrival *a)
{
	struct acceptor *in = a->acceptor;

	loop_timer_stop(in->loop, &a->timer);
	TAILQ_REMOVE(a->list, a, links);
	in->idle_n -= a->list == &in->idle;
	mem_free(a);
}

static void
drop(struct arrival *a, const char *why)
{
	struct connection *c = a->connection;
	struct request_buffer *buffer = a->buffer;

	if (why != NULL)
		log_warn("connection dropped", LOG_TEXT("reason", why));
	arrival_free(a);
	request_buffer_free(buffer);
	connection_close(c);
}

/* The request is whole: `len` bytes in the socket, or all of the buffer.
 * `keep`: its sender wants to use the connection again, and nothing follows it
 * yet. */
static void
start(struct arrival *a, size_t len, bool keep)
{
	struct acceptor *in = a->acceptor;
	struct connection *c = a->connection;
	const struct whole_request w = { a->id, keep && !in->stopped, len,
		a->buffer };

	arrival_free(a);
	exchange_start(in->parts, c, &w);
}

static void
refuse(struct arrival *a, int status, const char *sentence)
{
	const struct arrival refused = *a;

	arrival_free(a);
	request_buffer_free(refused.buffer);
	exchange_refuse(refused.acceptor->parts, refused.connection, refused.id,
	    status, sentence);
}

/* False: it had to be dropped. */
static bool
wait_until(struct arrival *a, int64_t due_ms,
    void (*ready)(struct loop_watch *w, uint32_t events))
{
	struct acceptor *in = a->acceptor;

	if (due_ms > in->leave_ms)
		due_ms = in->leave_ms;
	if (connection_watch(a->connection, ready, a) != ERR_OK) {
		drop(a, "epoll");
		return false;
	}
	if (loop_timer_set(in->loop, &a->timer, due_ms) != ERR_OK) {
		drop(a, err_text(ERR_NOMEM));
		return false;
	}
	return true;
}

static struct arrival *
arrival_of(struct loop_watch *w)
{
	return CONTAINER(struct connection, watch, w)->reader;
}

/* The answers to requests whose buffer will not be whole, by its state. */
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
 * otherwise bodies without an end, for which no token is asked yet, could take
 * the room of all.  The present turn of the loop may still hold events for
 * it. */
static bool
make_room(const struct arrival *a)
{
	struct acceptor *in = a->acceptor;
	struct arrival *old = TAILQ_FIRST(&in->bodies);

	if (old == NULL || old == a ||
	    loop_now(in->loop) - old->buffering_ms < BODY_SURE_MS)
		return false;
	connection_unwatch(old->connection);
	refuse(old, refusals[REQUEST_BUFFER_NO_ROOM].status,
	    refusals[REQUEST_BUFFER_NO_ROOM].sentence);
	return true;
}

static void
body_read(struct arrival *a)
{
	struct problem why = { "" };
	enum request_buffer_state state;

	do {
		state = request_buffer_read(
		    a->buffer, a->connection->watch.fd, &why);
	} while (state == REQUEST_BUFFER_NO_ROOM && make_room(a));
	if (state == REQUEST_BUFFER_WHOLE)
		start(a, 0, request_buffer_keep(a->buffer));
	else if (state == REQUEST_BUFFER_BROKEN)
		drop(a, why.text);
	else if (state != REQUEST_BUFFER_MORE)
		refuse(a, refusals[state].status, refusals[state].sentence);
}

static void
body_ready(struct loop_watch *w, uint32_t events)
{
	(void)events;
	body_read(arrival_of(w));
}

static void
body_late(struct loop_timer *t)
{
	refuse(CONTAINER(struct arrival, timer, t),
	    refusals[REQUEST_BUFFER_ENDED].status,
	    refusals[REQUEST_BUFFER_ENDED].sentence);
}

/* A body whose sender makes a record of each byte may be refused. */
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
body_begin(struct arrival *a)
{
	struct acceptor *in = a->acceptor;
	struct request_buffer *buffer =
	    request_buffer_new(&in->parts->buffer_room, buffer_max(in->parts));

	if (buffer == NULL) {
		drop(a, err_text(ERR_NOMEM));
		return;
	}
	arrival_move(a, &in->bodies);
	a->buffer = buffer;
	a->buffering_ms = loop_now(in->loop);
	a->timer.fire = body_late;
	if (wait_until(a, loop_now(in->loop) + BODY_MS, body_ready))
		body_read(a);
}

static void arrival_ready(struct loop_watch *w, uint32_t events);

/* Wait for the rest of a body; after a while without it, the sender may be
 * waiting for a reader. */
static void
wait_for_body(struct arrival *a)
{
	const int64_t quiet_ms = loop_now(a->acceptor->loop) + BODY_QUIET_MS;

	wait_until(a, quiet_ms < a->deadline_ms ? quiet_ms : a->deadline_ms,
	    arrival_ready);
}

/* Decide what to do about an arrival by the first `seen` bytes of it. */
static void
judge(struct arrival *a, size_t seen)
{
	struct record_scan scan = { .at = 0 };
	struct problem why;
	enum err e = record_scan(&scan, a->acceptor->peeked, seen, &why);

	a->id = scan.id;
	a->body_only = scan.progress == RECORD_BODY;
	if (e == ERR_LIMIT ||
	    (e == ERR_OK && scan.progress == RECORD_MORE && seen == PEEK_MAX)) {
		log_warn(
		    "request refused", LOG_TEXT("reason", "headers too long"));
		refuse(
		    a, 431, "The request's headers are too long for the hub.");
	} else if (e != ERR_OK)
		drop(a, why.text);
	else if (scan.progress == RECORD_COMPLETE)
		start(a, scan.at, scan.keep && scan.at == seen);
	else if (scan.progress == RECORD_MORE)
		wait_until(a, a->deadline_ms, arrival_ready);
	else if (seen >= BODY_SEEN)
		body_begin(a);
	else
		wait_for_body(a);
}

static void arrival_late(struct loop_timer *t);

/* The first bytes of another request are there. */
static void
begin_next(struct arrival *a)
{
	struct acceptor *in = a->acceptor;

	arrival_move(a, &in->arrivals);
	a->timer.fire = arrival_late;
	a->deadline_ms = loop_now(in->loop) + REQUEST_MS;
}

static void arrival_peek(struct arrival *a, uint32_t events);

/* What the `seen` first bytes begin: a management record (FastCGI 1.0, section
 * 4), after which a request may come, or a request. */
static void
begin(struct arrival *a, size_t seen, uint32_t events)
{
	const struct slice bytes = { (const char *)a->acceptor->peeked, seen };
	size_t size;

	switch (management_scan(bytes, &size)) {
	case MANAGEMENT_NONE:
		judge(a, seen);
		return;
	case MANAGEMENT_MORE:
		wait_until(a, a->deadline_ms, arrival_ready);
		return;
	case MANAGEMENT_WHOLE:
		if (a->managed++ == MANAGED_MAX)
			drop(a, "too many management records");
		else if (!management_serve(a->connection->watch.fd,
			     (struct slice){ bytes.base, size },
			     a->acceptor->parts->subscribers_max))
			drop(a, "a management record without an answer");
		else
			arrival_peek(a, events);
		return;
	case MANAGEMENT_TOO_LONG:
		drop(a, "a management record that is too long");
		return;
	}
}

static void
arrival_peek(struct arrival *a, uint32_t events)
{
	struct acceptor *in = a->acceptor;
	ssize_t n = recv(a->connection->watch.fd, in->peeked, PEEK_MAX,
	    MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		wait_until(a, a->deadline_ms, arrival_ready);
		return;
	}
	if (n <= 0) {
		/* However it ends: an idle one owes no request. */
		drop(a, n < 0 && a->list != &in->idle ? strerror(errno) : NULL);
		return;
	}
	if (a->list == &in->idle)
		begin_next(a);
	/* A peer that closes its side will not send what is missing. */
	if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0)
		a->deadline_ms = loop_now(in->loop);
	begin(a, (size_t)n, events);
}

static void
arrival_ready(struct loop_watch *w, uint32_t events)
{
	arrival_peek(arrival_of(w), events);
}

static void
arrival_late(struct loop_timer *t)
{
	struct arrival *a = CONTAINER(struct arrival, timer, t);

	if (a->body_only)
		body_begin(a);
	else
		drop(a, "no complete request in time");
}

static void
arrive(struct acceptor *in, int fd)
{
	struct arrival *a;

	if (!listener_trusts(fd)) {
		log_warn("connection dropped",
		    LOG_TEXT("reason", "peer not listed"),
		    LOG_TEXT("setting", "FCGI_WEB_SERVER_ADDRS"));
		close(fd);
		return;
	}
	if ((a = arrival_new(in, &in->arrivals, fd)) == NULL) {
		log_err("connection dropped", LOG_TEXT("reason", "memory"));
		close(fd);
		return;
	}
	a->timer.fire = arrival_late;
	a->deadline_ms = loop_now(in->loop) + REQUEST_MS;
	/* Most requests are there with their connection. */
	arrival_peek(a, 0);
}

static void
idle_late(struct loop_timer *t)
{
	drop(CONTAINER(struct arrival, timer, t), NULL);
}

/* An answer is written, and its connection waits for another request. */
static void
make_idle(void *arg, int fd)
{
	struct acceptor *in = arg;
	struct arrival *a = NULL;

	if (!in->stopped && in->idle_n < ACCEPTOR_IDLE_MAX)
		a = arrival_new(in, &in->idle, fd);
	if (a == NULL) {
		close(fd);
		return;
	}
	a->timer.fire = idle_late;
	a->deadline_ms = loop_now(in->loop) + IDLE_MS;
	wait_until(a, a->deadline_ms, arrival_ready);
}

static void
accept_again(struct loop_timer *t)
{
	struct acceptor *in = CONTAINER(struct acceptor, pause, t);

	if (loop_watch(in->loop, &in->watch, EPOLLIN | EPOLLEXCLUSIVE) !=
	    ERR_OK)
		loop_timer_set(in->loop, t, loop_now(in->loop) + PAUSE_MS);
}

/* Out of descriptors or memory: let the backlog hold them for a while,
 * instead of spinning; but without a timer the pause would have no end. */
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
	in->pause.fire = accept_again;
	in->loop = hub_loop(parts->hub);
	in->parts = parts;
	in->leave_ms = INT64_MAX;
	TAILQ_INIT(&in->arrivals);
	TAILQ_INIT(&in->bodies);
	TAILQ_INIT(&in->idle);
	hub_on_kept(parts->hub, make_idle, in);
	e = loop_watch(in->loop, &in->watch, EPOLLIN | EPOLLEXCLUSIVE);
	if (e != ERR_OK) {
		mem_free(in);
		return e;
	}
	*out = in;
	return ERR_OK;
}

/* A request that is there already is still answered. */
static void
close_idle(struct acceptor *in)
{
	struct arrival *a;

	while ((a = TAILQ_FIRST(&in->idle)) != NULL) {
		const int fd = a->connection->watch.fd;

		/* The present turn of the loop may hold an event for it. */
		connection_unwatch(a->connection);
		if (recv(fd, in->peeked, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
			arrival_peek(a, 0);
		else
			drop(a, NULL);
	}
}

/*
 * A peer that is connected by now has been promised an answer: a web server
 * would make 502 of a cut, after which a browser does not come back.  So the
 * queue of the listener is emptied, since there may be no other process that
 * does it, and requests that are not whole have a moment more.  (They are
 * dropped by their timers: the present turn of the loop may still hold events
 * for them.)
 */
void
acceptor_stop(struct acceptor *in)
{
	const int64_t now = loop_now(in->loop);
	struct arrival *a;

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
	close_idle(in);
	TAILQ_FOREACH (a, &in->arrivals, links)
		loop_timer_set(
		    in->loop, &a->timer, a->body_only ? now : in->leave_ms);
	TAILQ_FOREACH (a, &in->bodies, links)
		loop_timer_set(in->loop, &a->timer, in->leave_ms);
	hub_release(in->parts->hub);
}

void
acceptor_free(struct acceptor *in)
{
	mem_free(in);
}
