/* SPDX-License-Identifier: MIT */
/* exchange.c - passes a request to a worker and its answer back. */
#include "hub/exchange.h"

#include <poll.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "endpoint/route.h"
#include "request/request_fcgi.h"

struct exchange {
	struct exchange_parts *parts;
	struct connection *connection;
	struct whole_request whole;
	uint16_t id;
	bool head_only;
	struct worker_job job;
	struct loop_mail mail;          /* from the worker */
	struct pending_publish pending; /* its mail comes from the commit */
	struct answer answer;
};

/* Takes the connection over; NULL: no memory, and it is closed. */
static struct exchange *
exchange_new(struct exchange_parts *p, struct connection *c, uint16_t id)
{
	struct exchange *x = mem_calloc(1, sizeof(*x));

	if (x == NULL) {
		log_err("request dropped", LOG_TEXT("reason", "memory"));
		connection_close(c);
		return NULL;
	}
	x->parts = p;
	x->connection = c;
	x->id = id;
	response_init(&x->answer.response);
	return x;
}

/* The connection has become a stream, or is closed. */
static void
exchange_free(struct exchange *x)
{
	request_buffer_free(x->whole.buffer);
	answer_free(&x->answer);
	mem_free(x);
}

static void
send_response(struct exchange *x)
{
	struct stream_host *host = hub_host(x->parts->hub);
	struct stream *s = connection_stream(x->connection, x->id);
	struct frame *f = NULL;
	struct buf out;

	if (s == NULL) {
		exchange_free(x);
		return;
	}
	buf_init(&out, response_room(&x->answer.response));
	response_write(&x->answer.response, x->head_only, &out);
	if (out.err == ERR_OK)
		f = frame_new(FRAMING_FCGI, buf_view(&out));
	buf_free(&out);
	if (x->whole.keep && f != NULL)
		stream_keep(s);
	exchange_free(x);
	if (f != NULL)
		stream_push(s, f);
	frame_unref(f);
	stream_end(s);
	stream_host_relieve(host);
}

/* Why no stream can be opened now; NULL: it can. */
static const char *
no_stream(const struct exchange *x)
{
	struct settings *now;
	bool admitted;

	/* First, as the settings may be gone then. */
	if (hub_is_closing(x->parts->hub))
		return "The hub is about to end; try again.";
	now = settings_slot_get(hub_settings(x->parts->hub));
	admitted = settings_admit(now, x->answer.opening->grant);
	settings_unref(now);
	if (!admitted)
		return "The hub has just been given other settings; try again.";
	if (fanout_subscribers(hub_fanout(x->parts->hub)) >=
	    x->parts->subscribers_max)
		return "The hub's process holds as many streams as it may have "
		       "descriptors (LimitNOFILE of its service).";
	return NULL;
}

static void
open_stream(struct exchange *x)
{
	struct hub *hub = x->parts->hub;
	struct fanout *fanout = hub_fanout(hub);
	struct subscriber_opening *o = x->answer.opening;
	const char *why = no_stream(x);
	struct stream *s;

	if (why != NULL) {
		response_header(&x->answer.response, "Retry-After", "5");
		response_problem(&x->answer.response, 503, "%s", why);
		send_response(x);
		return;
	}
	if ((s = connection_stream(x->connection, x->id)) != NULL) {
		x->answer.opening = NULL;
		fanout_open(fanout, o, s);
		hub_opened(hub);
	}
	exchange_free(x);
}

static void
answered(struct loop_mail *m)
{
	struct exchange *x = CONTAINER(struct exchange, mail, m);

	if (x->answer.kind == ANSWER_STREAM)
		open_stream(x);
	else
		send_response(x);
}

static void
committed(struct loop_mail *m)
{
	struct exchange *x = CONTAINER(struct exchange, pending.mail, m);

	if (x->pending.result != ERR_OK)
		answer_unavailable(&x->answer, x->pending.result);
	answered(&x->mail);
}

/* True: the answer will come from the commit. */
static bool
submit_publish(struct exchange *x)
{
	x->pending.update = x->answer.update;
	x->pending.mail.open = committed;
	if (publish_thread_submit(x->parts->publisher, &x->pending) == ERR_OK)
		return true;
	response_header(&x->answer.response, "Retry-After", "1");
	response_problem(&x->answer.response, 503,
	    "Too many publishes wait to be committed (MERCURE_MAX_PENDING, "
	    "MERCURE_MAX_PENDING_BYTES); try again.");
	x->answer.kind = ANSWER_RESPONSE;
	return false;
}

static enum err
parse(struct request **out, const struct exchange *x, const struct context *c)
{
	const size_t body_max = c->settings->config->body_max;
	const struct whole_request *w = &x->whole;
	const int fd = x->connection->watch.fd;

	if (w->buffer != NULL)
		return request_fcgi_parse_bytes(
		    out, request_buffer_bytes(w->buffer), body_max);
	/* libfcgi reads on as far as it can. */
	return w->keep ? request_fcgi_parse_exactly(out, fd, w->len, body_max)
		       : request_fcgi_parse(out, fd, body_max);
}

/*
 * The peer has closed both ways, so nobody reads an answer, and the hub saves
 * the work of finding one.  Otherwise a stranger could send hundreds of
 * requests without waiting for their answers, and publishes would wait behind
 * them.  An update is published nevertheless.
 */
static bool
is_abandoned(const struct exchange *x, const struct request *rq)
{
	struct pollfd p = { .fd = x->connection->watch.fd };

	return !slice_is(rq->method, "POST") && poll(&p, 1, 0) == 1 &&
	       (p.revents & POLLHUP) != 0;
}

/* In a worker's thread. */
static void
answer_request(struct worker_job *j, struct context *c)
{
	struct exchange *x = CONTAINER(struct exchange, job, j);
	struct request *rq = NULL;
	enum err e;

	if ((e = parse(&rq, x, c)) == ERR_OK) {
		x->id = rq->id;
		x->head_only = slice_is(rq->method, "HEAD");
		if (is_abandoned(x, rq))
			response_problem(&x->answer.response, 503,
			    "The web server has closed the connection.");
		else
			route_request(&x->answer, rq, c);
	} else {
		x->whole.keep = false;
		log_warn("request refused", LOG_TEXT("reason", err_text(e)));
		response_problem(&x->answer.response,
		    e == ERR_SYNTAX ? 400 : 503,
		    e == ERR_SYNTAX
			? "The web server sent a request that cannot be read."
			: "The hub is out of memory or descriptors; try "
			  "again.");
	}
	request_free(rq);
	if (x->answer.kind == ANSWER_PUBLISH && submit_publish(x))
		return;
	x->mail.open = answered;
	loop_post(hub_loop(x->parts->hub), &x->mail);
}

void
exchange_start(struct exchange_parts *p, struct connection *c,
    const struct whole_request *w)
{
	struct exchange *x = exchange_new(p, c, w->id);

	if (x == NULL) {
		request_buffer_free(w->buffer);
		return;
	}
	x->whole = *w;
	x->job.run = answer_request;
	connection_rest(c);
	workers_submit(p->workers, &x->job);
}

void
exchange_refuse(struct exchange_parts *p, struct connection *c, uint16_t id,
    int status, const char *sentence)
{
	struct exchange *x = exchange_new(p, c, id);

	if (x == NULL)
		return;
	if (status == 503)
		response_header(&x->answer.response, "Retry-After", "1");
	response_problem(&x->answer.response, status, "%s", sentence);
	send_response(x);
}
