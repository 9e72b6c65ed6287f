/* SPDX-License-Identifier: MIT */
/* follow_remote.c - follows a hub on another machine, from one stream to the next. */
#include <strings.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/follow.h"
#include "jose/jws.h"
#include "lib/remote.h"
#include "mercure/discovery.h"
#include "text/sse.h"

#define URL_MAX (UINT32_C(1) << 20)
#define ANSWER_MAX 65536
#define EVENT_MAX ((size_t)64 << 20)
#define HEADER_MAX (SSE_LAST_ID_MAX + 64)

/* The token of a stream, which ends with it; the next has another one. */
#define TOKEN_LIFETIME_S 3600

/* Whoever holds a stream for so long may end it without an update: that is
 * what delivery by drain does. */
#define HELD_MS 5000

struct streaming {
	struct cmd_follow *fo;
	struct sse *sse;
	struct cmd_signals *signals;
	struct problem *problem;
	struct buf url, authorization, last_id; /* each with a NUL */
	bool open;         /* the head of this stream is there */
	bool been_open;    /* one has, ever */
	bool brought;      /* an update came in this stream */
	unsigned failures; /* in a row: there was no stream */
	unsigned vain;     /* in a row: there was nothing in it, or none */
};

static const struct handle_meaning meanings[] = {
	{ 400, 400, ERR_SYNTAX, "the hub finds the topics malformed" },
	{ 401, 401, ERR_DENIED,
	    "the hub does not take the token, or wants one: use --private, "
	    "and see that MERCURE_SUBSCRIBER_SECRET_KEY is the hub's" },
	{ 403, 403, ERR_DENIED,
	    "the hub does not take the token: is "
	    "MERCURE_SUBSCRIBER_SECRET_KEY the hub's?" },
	{ 404, 405, ERR_UNSUPPORTED,
	    "there is no hub: MERCURE_HUB_URL mostly ends in "
	    "/.well-known/mercure" },
	{ 429, 429, ERR_BUSY,
	    "the hub has too many subscribers: try again later" },
	{ 502, 504, ERR_BUSY,
	    "the hub is not there, or has too much to do: try again later" },
	{ 500, 599, ERR_IO, "the hub fails: its log says why" },
	{ 100, HANDLE_STATUS_MAX, ERR_UNSUPPORTED,
	    "no hub answers so: is MERCURE_HUB_URL right?" },
};

static void
take_event(void *arg, const struct sse_event *e)
{
	struct streaming *s = arg;
	const struct update u = {
		.id = e->id, .type = e->type, .data = e->data
	};

	s->brought = true;
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
	char shown[HANDLE_URL_SHOWN_MAX];

	handle_show_url(shown, s->fo->h->config->hub_url);
	return problem_set(s->problem, ERR_UNSUPPORTED,
	    "%s answers, but not with a stream of events: it is no hub; "
	    "MERCURE_HUB_URL mostly ends in /.well-known/mercure.",
	    shown);
}

/* ERR_NOTFOUND, which nobody sees: that was enough. */
static enum err
receive(void *arg, const struct http_answer *so_far, struct slice bytes)
{
	struct streaming *s = arg;
	enum err e;

	if (!is_stream(so_far))
		return no_stream(s);
	s->open = s->been_open = true;
	e = sse_feed(s->sse, bytes);
	if (e == ERR_LIMIT)
		return problem_set(s->problem, e,
		    "An update of the hub has more than %zu bytes.", EVENT_MAX);
	if (e != ERR_OK)
		return problem_set(s->problem, e, "Out of memory.");
	if ((e = cmd_follow_print(s->fo, s->problem)) != ERR_OK)
		return e;
	return s->fo->left == 0 ? ERR_NOTFOUND : ERR_OK;
}

static enum err
write_authorization(struct streaming *s)
{
	struct cmd_follow *fo = s->fo;
	enum err e;

	buf_clear(&s->authorization);
	buf_text(&s->authorization, "Authorization: Bearer ");
	e = handle_subscriber_token(fo->h, &s->authorization, fo->topics,
	    fo->topics_n, NULL, TOKEN_LIFETIME_S);
	buf_byte(&s->authorization, '\0');
	return e == ERR_OK ? s->authorization.err : e;
}

/* Of the command line, until the hub has told one. */
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

	s->open = s->brought = false;
	sse_restart(s->sse);
	h->problem.text[0] = '\0';
	if ((e = write_last_id(s)) == ERR_OK && s->fo->private)
		e = write_authorization(s);
	if (e != ERR_OK)
		return e;
	if (s->last_id.len > 0)
		headers[n++] = s->last_id.base;
	if (s->authorization.len > 0)
		headers[n++] = s->authorization.base;
	e = handle_send(h, &answer, &rq, meanings);
	if (e == ERR_OK && !s->open)
		e = no_stream(s);
	http_answer_free(&answer);
	return e;
}

static unsigned
random_below(unsigned n)
{
	unsigned r = 0;

	return n > 0 && getrandom(&r, sizeof(r), 0) == sizeof(r) ? r % n : 0;
}

/* As the hub wants it, and longer where that was in vain; a little at random,
 * since others lost theirs at the same moment. */
static void
wait_a_while(struct streaming *s)
{
	const uint32_t own_ms = (uint32_t)s->fo->h->config->retry_ms;
	const uint32_t ms = cmd_follow_wait_ms(
	    sse_retry_ms(s->sse, own_ms > 0 ? own_ms : 1000), s->vain);

	cmd_signals_sleep(s->signals, ms + random_below(ms / 4));
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
	struct problem *why = &s->fo->h->problem;

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
		s->failures = e == ERR_OK || s->open ? 0 : s->failures + 1;
		s->vain = s->brought || (s->open && held) ? 0 : s->vain + 1;
		if (s->failures == 1)
			log_warn("stream lost", LOG_TEXT("reason", why->text));
		wait_a_while(s);
	}
	return ERR_OK;
}

static enum err
prepare(struct streaming *s)
{
	struct cmd_follow *fo = s->fo;
	struct selector *selectors = NULL;
	struct slice *texts = NULL;
	enum err e;

	e = handle_slices(&texts, fo->topics, fo->topics_n, s->problem);
	if (e != ERR_OK)
		return e;
	e = handle_selectors(&selectors, texts, fo->topics_n);
	mem_free(texts);
	if (e != ERR_OK)
		return e;
	discovery_url(&s->url, handle_dialect(fo->h),
	    slice_of(fo->h->config->hub_url), selectors, fo->topics_n,
	    slice_of(NULL));
	buf_byte(&s->url, '\0');
	mem_free(selectors);
	if ((e = s->url.err) == ERR_OK)
		e = sse_new(&s->sse, EVENT_MAX, take_event, s);
	return e;
}

enum err
cmd_follow_elsewhere(struct cmd_follow *fo, struct problem *p)
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
