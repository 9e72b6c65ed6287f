/* SPDX-License-Identifier: MIT */
/* follow_remote.c - follows a remote hub, from one stream to the next. */
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "cmd/follow.h"
#include "jose/jws.h"
#include "lib/remote.h"
#include "lib/token.h"
#include "mercure/discovery.h"
#include "text/shown.h"
#include "text/sse.h"

#define URL_MAX (UINT32_C(1) << 20)
#define ANSWER_MAX 65536
#define EVENT_MAX ((size_t)64 << 20)
#define HEADER_MAX (SSE_LAST_ID_MAX + 64)

/* The token of a stream, which ends with it; the next has another one. */
#define TOKEN_LIFETIME_S 3600

/* A stream that was open for so long may end without an update: that is what
 * long polling does. */
#define HELD_MS 5000

struct streaming {
	struct cmd_follow *fo;
	struct sse *sse;
	struct cmd_signals *signals;
	struct problem *problem;
	struct buf url, authorization, last_id; /* each with a NUL */
	enum { CLOSED, OPEN, USEFUL } state;    /* useful: an update came */
	bool been_open;                         /* a stream was open, ever */
	unsigned failures;  /* in a row: there was no stream */
	unsigned empty;     /* in a row: there was no update in it */
	struct problem why; /* of the last stream */
};

static void
on_event(void *arg, const struct sse_event *e)
{
	struct streaming *s = arg;
	const struct update u = {
		.id = e->id, .type = e->type, .data = e->data
	};

	s->state = USEFUL;
	cmd_follow_add(s->fo, &u);
}

static bool
is_stream(const struct http_answer *a)
{
	static const char want[] = "text/event-stream";
	const struct slice type = http_field(a, "Content-Type", 0);

	return type.len >= sizeof(want) - 1 &&
	       strncasecmp(type.base, want, sizeof(want) - 1) == 0;
}

static enum err
no_stream(struct streaming *s)
{
	char shown[HTTP_SHOWN_MAX];

	shown_copy(shown, sizeof(shown), shown_url(s->fo->h->config->hub_url));
	return problem_set(s->problem, ERR_UNSUPPORTED,
	    "%s answers, but not with a stream of events: it is not a hub; "
	    "MERCURE_HUB_URL usually ends in /.well-known/mercure.",
	    shown);
}

/* ERR_LIMIT, without a sentence and seen by nobody: no more are wanted. */
static enum err
receive(void *arg, const struct http_answer *so_far, struct slice bytes)
{
	struct streaming *s = arg;
	enum err e;

	if (!is_stream(so_far))
		return no_stream(s);
	if (s->state == CLOSED)
		s->state = OPEN;
	s->been_open = true;
	e = sse_feed(s->sse, bytes);
	if (e == ERR_LIMIT)
		return problem_set(s->problem, e,
		    "An update of the hub has more than %zu bytes.", EVENT_MAX);
	if (e != ERR_OK)
		return problem_set(s->problem, e, "Out of memory.");
	if ((e = cmd_follow_print(s->fo, s->problem)) != ERR_OK)
		return e;
	return s->fo->left == 0 ? ERR_LIMIT : ERR_OK;
}

static enum err
write_authorization(struct streaming *s)
{
	struct cmd_follow *fo = s->fo;
	enum err e;

	buf_clear(&s->authorization);
	buf_text(&s->authorization, "Authorization: Bearer ");
	e = handle_subscriber_token(fo->h, &s->authorization, fo->selectors,
	    fo->selectors_n, slice_of(NULL), TOKEN_LIFETIME_S, &s->why);
	buf_byte(&s->authorization, '\0');
	return e == ERR_OK ? s->authorization.err : e;
}

/* That of the command line, until the hub has sent one. */
static enum err
write_last_id(struct streaming *s)
{
	struct slice id = sse_last_id(s->sse);

	if (id.len == 0)
		id = s->fo->last_id;
	buf_clear(&s->last_id);
	if (id.len == 0)
		return ERR_OK;
	buf_text(&s->last_id, "Last-Event-ID: ");
	buf_slice(&s->last_id, id);
	buf_byte(&s->last_id, '\0');
	if (s->last_id.err == ERR_LIMIT)
		return problem_set(s->problem, ERR_LIMIT,
		    "The id of --last-event-id has more than %d bytes.",
		    SSE_LAST_ID_MAX);
	return s->last_id.err;
}

/* One stream, from its beginning to its end. */
static enum err
stream(struct streaming *s)
{
	struct pushcgi *h = s->fo->h;
	const char *headers[5] = { "Accept: text/event-stream",
		"Cache-Control: no-cache" };
	struct http_request rq = { .url = s->url.base,
		.body_max = ANSWER_MAX,
		.headers = headers,
		.receive = receive,
		.arg = s,
		.stop = cmd_signals_stop(s->signals) };
	struct http_answer answer = { 0 };
	size_t n = 2;
	enum err e;

	s->state = CLOSED;
	sse_restart(s->sse);
	s->why.text[0] = '\0';
	if ((e = write_last_id(s)) == ERR_OK && s->fo->private)
		e = write_authorization(s);
	if (e != ERR_OK)
		return e;
	if (s->last_id.len > 0)
		headers[n++] = s->last_id.base;
	if (s->authorization.len > 0)
		headers[n++] = s->authorization.base;
	e = remote_send(h, &answer, &rq, REMOTE_SUBSCRIBE, &s->why);
	if (e == ERR_OK && s->state == CLOSED)
		e = no_stream(s);
	http_answer_free(&answer);
	return e;
}

/* As long as the hub wants, and longer after streams without an update; a
 * little at random, since others lost their stream at the same moment. */
static void
wait_for_next(struct streaming *s)
{
	const uint32_t own_ms = (uint32_t)s->fo->h->config->retry_ms;
	const uint32_t ms = cmd_follow_wait_ms(
	    sse_retry_ms(s->sse, own_ms > 0 ? own_ms : 1000), s->empty);

	cmd_signals_sleep(s->signals, ms + (uint32_t)random_below(ms / 4 + 1));
}

/* May the next attempt do better? */
static bool
may_pass(const struct streaming *s, enum err e)
{
	return s->been_open && (e == ERR_IO || e == ERR_BUSY) &&
	       s->problem->text[0] == '\0';
}

static enum err
follow(struct streaming *s)
{
	const _Atomic bool *stop = cmd_signals_stop(s->signals);
	struct problem *why = &s->why;

	while (s->fo->left > 0 && !atomic_load(stop)) {
		const int64_t began_ms = clock_mono_ms();
		enum err e = stream(s);
		bool held = clock_mono_ms() - began_ms >= HELD_MS;

		if (s->fo->left == 0 || atomic_load(stop))
			return s->problem->text[0] == '\0' ? ERR_OK : e;
		if (e != ERR_OK && !may_pass(s, e))
			return s->problem->text[0] != '\0'
				   ? e
				   : problem_set(
					 s->problem, e, "%s", why->text);
		s->failures =
		    e == ERR_OK || s->state != CLOSED ? 0 : s->failures + 1;
		s->empty = s->state == USEFUL || (s->state == OPEN && held)
			       ? 0
			       : s->empty + 1;
		if (s->failures == 1)
			log_warn("stream lost", LOG_TEXT("reason", why->text));
		wait_for_next(s);
	}
	return ERR_OK;
}

static enum err
prepare(struct streaming *s)
{
	struct cmd_follow *fo = s->fo;
	struct selector *selectors = NULL;
	enum err e;

	e = handle_selectors(&selectors, fo->selectors, fo->selectors_n);
	if (e != ERR_OK)
		return e;
	discovery_url(&s->url, handle_dialect(fo->h),
	    slice_of(fo->h->config->hub_url), selectors, fo->selectors_n,
	    slice_of(NULL));
	mem_free(selectors);
	buf_byte(&s->url, '\0');
	if ((e = s->url.err) == ERR_OK)
		e = sse_new(&s->sse, EVENT_MAX, on_event, s);
	return e;
}

enum err
cmd_follow_remote(struct cmd_follow *fo, struct problem *p)
{
	struct streaming s = { .fo = fo, .problem = p };
	enum err e;

	buf_init(&s.url, URL_MAX);
	buf_init(&s.authorization, JWS_TOKEN_MAX + 64);
	buf_init(&s.last_id, HEADER_MAX);
	if ((e = prepare(&s)) == ERR_OK &&
	    (e = cmd_signals_new(&s.signals, NULL, p)) == ERR_OK)
		e = follow(&s);
	cmd_signals_free(s.signals);
	sse_free(s.sse);
	buf_free(&s.url);
	buf_wipe(&s.authorization);
	buf_free(&s.last_id);
	return e;
}
