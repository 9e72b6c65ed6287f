/* SPDX-License-Identifier: MIT */
/* exchange.c - passes a request from the loop to a worker and its answer back. */
#include "hub/exchange.h"

#include <poll.h>
#include <unistd.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "endpoint/route.h"
#include "request/request_fcgi.h"

struct exchange *
exchange_new(struct exchange_parts *p, int fd)
{
	struct exchange *x = mem_calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->watch.fd = fd;
	x->parts = p;
	response_init(&x->answer.response);
	hub_hold(p->hub);
	return x;
}

/* The descriptor has found a new owner, or is closed. */
static void
exchange_free(struct exchange *x)
{
	struct hub *hub = x->parts->hub;

	loop_timer_stop(hub_loop(hub), &x->timer);
	request_buffer_free(x->buffer);
	answer_free(&x->answer);
	mem_free(x);
	hub_release(hub);
}

void
exchange_drop(struct exchange *x)
{
	if (x->watched)
		loop_unwatch(hub_loop(x->parts->hub), &x->watch);
	close(x->watch.fd);
	exchange_free(x);
}

static struct stream *
become_stream(struct exchange *x)
{
	struct stream *s = NULL;

	if (stream_new(&s, hub_host(x->parts->hub), x->watch.fd, x->id,
		x->watched) != ERR_OK) {
		log_err("request dropped", LOG_TEXT("reason", "memory"));
		exchange_drop(x);
	}
	return s;
}

static void
send_response(struct exchange *x)
{
	struct stream_host *host = hub_host(x->parts->hub);
	struct frame *f = NULL;
	struct stream *s;
	struct buf out;

	buf_init(&out, response_room(&x->answer.response));
	response_write(&x->answer.response, x->head_only, &out);
	if (out.err == ERR_OK)
		f = frame_new(FRAMING_FCGI, buf_view(&out));
	buf_free(&out);
	if ((s = become_stream(x)) == NULL) {
		frame_unref(f);
		return;
	}
	exchange_free(x);
	if (f != NULL)
		stream_push(s, f);
	frame_unref(f);
	stream_end(s);
	stream_host_relieve(host);
}

/* Why there can be no stream now; NULL: there can. */
static const char *
no_stream(const struct exchange *x)
{
	struct settings *now;
	bool admitted;

	/* First: the workers are gone by then. */
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
	if ((s = become_stream(x)) == NULL)
		return;
	x->answer.opening = NULL;
	exchange_free(x);
	fanout_open(fanout, o, s);
	hub_opened(hub);
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

/* Park a publish; true if its answer will come from the commit. */
static bool
park(struct exchange *x)
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
	size_t body_max = c->settings->config->body_max;

	return x->buffer != NULL
		   ? request_fcgi_parse_bytes(
			 out, request_buffer_bytes(x->buffer), body_max)
		   : request_fcgi_parse(out, x->watch.fd, body_max);
}

/*
 * The peer has closed both ways, so nobody reads an answer: whatever it costs
 * to find one is saved.  A stranger could have hundreds of requests worked on
 * that it does not wait for, and publishes would wait behind them.  An update
 * is published all the same.
 */
static bool
is_abandoned(const struct exchange *x, const struct request *rq)
{
	struct pollfd p = { .fd = x->watch.fd };

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
		log_warn("request refused", LOG_TEXT("reason", err_text(e)));
		response_problem(&x->answer.response,
		    e == ERR_SYNTAX ? 400 : 503,
		    e == ERR_SYNTAX
			? "The web server sent a request that cannot be read."
			: "The hub lacks memory or descriptors; try again.");
	}
	request_free(rq);
	if (x->answer.kind == ANSWER_PUBLISH && park(x))
		return;
	x->mail.open = answered;
	loop_post(hub_loop(x->parts->hub), &x->mail);
}

/* A worker has the descriptor: what happens to it shows when it writes, or
 * when a stream watches it. */
static void
ignore(struct loop_watch *w, uint32_t events)
{
	(void)w;
	(void)events;
}

void
exchange_start(struct exchange *x)
{
	x->watch.ready = ignore;
	x->job.run = answer_request;
	loop_timer_stop(hub_loop(x->parts->hub), &x->timer);
	workers_submit(x->parts->workers, &x->job);
}

void
exchange_refuse(struct exchange *x, int status, const char *sentence)
{
	if (status == 503)
		response_header(&x->answer.response, "Retry-After", "1");
	response_problem(&x->answer.response, status, "%s", sentence);
	send_response(x);
}
