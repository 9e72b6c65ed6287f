/* SPDX-License-Identifier: MIT */
/* cgi.c - one request, one process. */
#include "cgi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "config/key_sets.h"
#include "config/queue.h"
#include "endpoint/enlist.h"
#include "endpoint/route.h"
#include "hub/hub.h"
#include "hub/publish_thread.h"
#include "text/digits.h"
#include "wire/listener.h"

/* Bytes that are discarded of a body that is too long, at most. */
#define DISCARD_MAX (UINT32_C(16) << 20)

bool
cgi_is_wanted(void)
{
	return getenv("GATEWAY_INTERFACE") != NULL &&
	       getenv("REQUEST_METHOD") != NULL && !listener_inherited();
}

/*
 * Set *left to the bytes to read; true: they are the length of the body, not
 * only its maximum.  Read at most CONTENT_LENGTH bytes: a server does not have
 * to close the pipe behind them (RFC 3875, 4.2).  Apache does not know the
 * length of a chunked body, but closes the pipe at its end; lighttpd collects
 * the body first, so it passes the length.
 */
static bool
body_length(size_t *left)
{
	const char *text = getenv("CONTENT_LENGTH");
	bool known = (text != NULL && *text != '\0') ||
		     getenv("HTTP_TRANSFER_ENCODING") == NULL;

	uint64_t length = 0;

	(void)digits_parse_at_most(&length, slice_of(text), SIZE_MAX);
	*left = known ? (size_t)length : SIZE_MAX;
	return known;
}

/* Apache connects standard input by a socket: closing it with unread bytes in
 * it would also drop the answer. */
static void
discard_input(size_t left)
{
	char bytes[8192];
	ssize_t n;

	if (left > DISCARD_MAX)
		left = DISCARD_MAX;
	while (left > 0) {
		n = read(STDIN_FILENO, bytes,
		    left < sizeof(bytes) ? left : sizeof(bytes));
		if (n <= 0)
			return;
		left -= (size_t)n;
	}
}

static enum err
read_body(struct request *rq, size_t body_max)
{
	size_t left;
	bool known = body_length(&left);
	struct buf body;
	char bytes[8192];
	enum err e;
	ssize_t n;

	rq->body_too_long = known && left > body_max;
	if (rq->body_too_long) {
		discard_input(left);
		return ERR_OK;
	}
	buf_init(&body, body_max);
	while (left > 0 && body.err == ERR_OK) {
		n = read(STDIN_FILENO, bytes,
		    left < sizeof(bytes) ? left : sizeof(bytes));
		if (n <= 0) {
			rq->body_cut = known || n < 0;
			break;
		}
		buf_add(&body, bytes, (size_t)n);
		left -= (size_t)n;
	}
	rq->body_too_long = body.err == ERR_LIMIT;
	if (rq->body_too_long)
		discard_input(left);
	e = body.err == ERR_NOMEM ? ERR_NOMEM
	    : rq->body_too_long   ? ERR_OK
				  : request_move_body(rq, &body);
	buf_free(&body);
	return e;
}

static void
write_out(const struct answer *a, bool head_only)
{
	struct buf out;
	size_t at = 0;

	buf_init(&out, response_room(&a->response));
	response_write(&a->response, head_only, &out);
	while (out.err == ERR_OK && at < out.len) {
		ssize_t n = write(STDOUT_FILENO, out.base + at, out.len - at);

		if (n < 0 && errno != EINTR)
			break;
		at += n > 0 ? (size_t)n : 0;
	}
	buf_free(&out);
}

static void
publish(struct answer *a, const struct config *c)
{
	const struct update *u = update_view(a->update);
	struct queue_settings s = config_queue(c);
	struct queue *q = NULL;
	struct problem p = { "" };
	enum err e;

	if ((e = queue_open(&q, &s, QUEUE_WRITE, &p)) == ERR_OK &&
	    (e = queue_append(q, &u, 1, &p)) == ERR_OK)
		queue_wake(q);
	else {
		log_err("publish failed", LOG_TEXT("reason", p.text));
		answer_unavailable(a, e);
	}
	queue_close(q);
}

/* The process ends when its one stream ends, for whatever reason. */
static void
run_stream(struct answer *a, struct hub *h, struct roster *roster)
{
	struct stream *out = NULL;

	fcntl(
	    STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
	if (stream_new(&out, hub_host(h), STDOUT_FILENO, FRAME_ID, false) ==
	    ERR_OK) {
		struct subscriber_opening *o = a->opening;

		a->opening = NULL;
		hub_end_with_streams(h);
		fanout_on_count(hub_fanout(h), roster_count_now, roster);
		fanout_open(hub_fanout(h), o, out);
		hub_run(h);
		hub_cut(h);
	} else
		log_err("stream failed", LOG_TEXT("reason", "memory"));
}

static void
apply_settings(void *arg, const struct settings *s)
{
	enlist_use(arg, s);
}

/* Serve the stream with a publish thread, which also writes the subscriber's
 * row. */
static void
stream(struct answer *a, struct settings *s, struct roster *roster)
{
	const struct pending_limits none = { 0, 0 };
	const struct hub_hooks hooks = { .use = apply_settings, .arg = roster };
	struct queue_settings queue = config_queue(s->config);
	struct publish_thread *publisher = NULL;
	struct settings_slot *slot = NULL;
	struct hub *h = NULL;
	struct problem p = { "" };
	enum err e;

	queue.owner = roster_owner(roster);
	enlist_use(roster, s);
	if ((e = settings_slot_new(&slot, s)) == ERR_OK &&
	    (e = hub_open(&h, slot, FRAMING_RAW, &hooks, &p)) == ERR_OK &&
	    (e = publish_thread_start(&publisher, &queue, &none, hub_loop(h),
		 roster, &p)) == ERR_OK) {
		run_stream(a, h, roster);
	} else {
		log_err("stream failed", LOG_TEXT("reason", p.text));
		answer_unavailable(a, e);
		write_out(a, false);
	}
	publish_thread_stop(publisher);
	hub_close(h);
	settings_slot_free(slot);
}

/* Fetch keys here, since there may be no other process that does.  The answer
 * is already written, but standard output is still open: a server kills the
 * process soon after it sees the end of its output. */
static void
refresh_keys(const struct settings *s)
{
	const struct queue_settings qs = config_queue(s->config);
	struct queue *q = NULL;
	struct problem p = { "" };

	if (!settings_have_urls(s) ||
	    queue_open(&q, &qs, QUEUE_WRITE, &p) != ERR_OK)
		return;
	for (size_t i = 0; i < CONFIG_ROLES; i++) {
		const struct jwks_source src = { s->role[i].url,
			s->config->ca_file };

		if (src.url != NULL)
			jwks_refresh(
			    q, &src, atomic_load(&s->wanted_ms[i]), NULL);
	}
	queue_close(q);
}

void
cgi_run(struct settings *s)
{
	const struct queue_settings qs = config_queue(s->config);
	struct context c = { .framing = FRAMING_RAW };
	struct request *rq = NULL;
	struct answer a = { 0 };
	bool head_only = false;
	enum err e;

	settings_load_keys(&s);
	c.settings = s;
	response_init(&a.response);
	if ((e = roster_new(&c.roster)) == ERR_OK &&
	    (e = roster_count_in(c.roster, &qs)) == ERR_OK &&
	    (e = request_new(&rq, environ)) == ERR_OK &&
	    (e = read_body(rq, s->config->body_max)) == ERR_OK) {
		head_only = slice_is(rq->method, "HEAD");
		route_request(&a, rq, &c);
	} else {
		log_warn("request refused", LOG_TEXT("reason", err_text(e)));
		response_problem(&a.response, e == ERR_SYNTAX ? 400 : 503,
		    e == ERR_SYNTAX
			? "The web server passes no REQUEST_URI or method."
			: "The hub is out of memory; try again.");
	}
	queue_close(c.queue);

	if (a.kind == ANSWER_PUBLISH)
		publish(&a, s->config);
	if (a.kind == ANSWER_STREAM)
		stream(&a, s, c.roster);
	else {
		write_out(&a, head_only);
		refresh_keys(s);
	}
	answer_free(&a);
	request_free(rq);
	roster_free(c.roster);
	settings_unref(s);
}
