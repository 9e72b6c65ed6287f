/* SPDX-License-Identifier: MIT */
/* subscribe.c - finds a stream's selectors, rights and position. */
#include "endpoint/subscribe.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "config/queue.h"
#include "config/renamed.h"
#include "endpoint/authorize.h"
#include "endpoint/count.h"
#include "endpoint/counted.h"
#include "endpoint/enlist.h"
#include "fanout/spread.h"
#include "match/topic.h"
#include "mercure/count.h"
#include "mercure/dialect.h"
#include "mercure/discovery.h"
#include "mercure/event.h"
#include "text/form.h"

/* Besides its matchers a subscribe request has a few parameters. */
#define OTHER_PARAMS_MAX 100

#define EARLIEST "earliest"

/* Seconds after which another stream may have ended. */
#define RETRY_AFTER "10"

/* A subscriber that polls reconnects for each update, so it must be soon. */
#define POLL_RETRY_MS 500

/* Between two polls a subscriber counts as present for this many times
 * MERCURE_POLL_WAIT, since browsers slow down pages in the background. */
#define AWAY_WAITS 3

/* A subscribe request in the making. */
struct subscribing {
	struct form *query;
	const struct dialect *dialect;
	struct subscriber_opening *opening;
	uint64_t weight;      /* of the matchers */
	struct slice last_id; /* base NULL: none was sent */
	bool bad_last_id;
	struct queue_start start;
	char tail_id[QUEUE_ID_SIZE];
};

static bool
problem(struct answer *a, int status, const char *sentence)
{
	answer_problem(a, status, "%s", sentence);
	return false;
}

static bool
parse_query(struct subscribing *s, struct answer *a, const struct request *rq,
    const struct settings *st)
{
	const struct config *c = st->config;
	struct problem p = { "" };
	size_t max = c->matchers_max + OTHER_PARAMS_MAX;
	enum err e;

	if ((e = form_parse(&s->query, rq->query, max)) == ERR_LIMIT) {
		answer_problem(a, 400,
		    "The query string has more than %zu parameters "
		    "(MERCURE_MAX_MATCHERS and a few).",
		    max);
		return false;
	}
	if (e != ERR_OK) {
		answer_unavailable(a, e);
		return false;
	}
	a->dialect = dialects_of_query(&st->dialects, s->query);
	if (a->dialect->check_query(s->query, &p) != ERR_OK)
		return problem(a, 400, p.text);
	s->dialect = a->dialect;
	return true;
}

/* Does it have no right to private updates? */
static bool
is_anonymous(const struct subscriber_opening *o)
{
	return subscriber_rights(o->grant) == SUBSCRIBER_PUBLIC;
}

/* Called after each template, since compiling the others would take time. */
static bool
is_too_complex(const struct subscribing *s, const struct config *c)
{
	const uint64_t max = c->pattern_weight_stream_max;

	return max > 0 && s->weight > max && is_anonymous(s->opening);
}

static bool
add_matcher(struct subscribing *s, struct answer *a, struct selector selector,
    const struct config *c)
{
	struct matcher_list *l = &s->opening->matchers;
	struct matcher *m = NULL;
	struct problem p = { "" };
	enum err e;

	if (l->n == c->matchers_max) {
		answer_problem(a, 400,
		    "More than %llu topics (MERCURE_MAX_MATCHERS).",
		    (unsigned long long)c->matchers_max);
		return false;
	}
	if (topic_check_selector(selector.text, c->topic_length_max, &p) !=
	    ERR_OK)
		return problem(a, 400, p.text);
	e = matcher_new(&m, selector, &p);
	if (e == ERR_LIMIT || e == ERR_SYNTAX)
		return problem(a, 400, p.text);
	if (e != ERR_OK || (e = matcher_list_add(l, m)) != ERR_OK) {
		matcher_unref(m);
		answer_unavailable(a, e);
		return false;
	}
	decision_add_matcher(&a->decision, m);
	s->weight += matcher_weight(m);
	if (is_too_complex(s, c))
		return problem(a, 400,
		    "The URI Templates are together more complex than those "
		    "of a stream without a right to private updates may be "
		    "(MERCURE_MAX_PATTERN_WEIGHT_PER_STREAM).");
	return true;
}

static bool
has_count(const struct subscriber_opening *o, struct slice topic)
{
	for (size_t i = 0; i < o->counts_n; i++)
		if (slice_is(topic, o->counts[i].topic))
			return true;
	return false;
}

static enum err
add_wish(struct subscriber_opening *o, struct slice topic)
{
	char *text;

	if (o->counts == NULL && (o->counts = mem_calloc(CROWD_COUNTS_MAX,
				      sizeof(*o->counts))) == NULL)
		return ERR_NOMEM;
	if ((text = mem_text(topic)) == NULL)
		return ERR_NOMEM;
	o->counts[o->counts_n++] =
	    (struct count_wish){ text, crowd_key_topic(topic) };
	return ERR_OK;
}

/* A number of viewers is not an update, so its topic gets no matcher, and no
 * other subscriber learns who asks for it. */
static bool
add_count(struct subscribing *s, struct answer *a, struct slice path,
    const struct settings *st)
{
	struct subscriber_opening *o = s->opening;
	struct buf topic;
	enum err e = ERR_OK;
	bool ok;

	buf_init(&topic, path.len + 1);
	ok = count_find_topic(&topic, a, path, 400, st);
	if (ok && !has_count(o, buf_view(&topic))) {
		if (o->counts_n == CROWD_COUNTS_MAX)
			ok = problem(a, 400,
			    "A stream may ask for the viewers of 16 topics.");
		else
			e = add_wish(o, buf_view(&topic));
	}
	if (e != ERR_OK)
		answer_unavailable(a, e);
	buf_free(&topic);
	return ok && e == ERR_OK;
}

static bool
add_selector(struct subscribing *s, struct answer *a, struct selector selector,
    const struct settings *st)
{
	return count_is_path(selector.text)
		   ? add_count(s, a, selector.text, st)
		   : add_matcher(s, a, selector, st->config);
}

static bool
read_matchers(
    struct subscribing *s, struct answer *a, const struct settings *st)
{
	size_t i;

	for (i = 0; i < form_count(s->query); i++) {
		struct form_field field = form_at(s->query, i);
		const struct dialect_param *p =
		    dialect_matcher_param(s->dialect, field.name);

		if (p != NULL &&
		    !add_selector(
			s, a, (struct selector){ p->kind, field.value }, st))
			return false;
	}
	if (s->opening->matchers.n + s->opening->counts_n > 0)
		return true;
	if (form_has_list(s->query, s->dialect->matcher_params[0].name))
		answer_problem(a, 400,
		    "Write %s=A&%s=B: a parameter named %s[] is not a topic.",
		    s->dialect->matcher_params[0].name,
		    s->dialect->matcher_params[0].name,
		    s->dialect->matcher_params[0].name);
	else
		answer_problem(a, 400,
		    "Say what to subscribe to: at least one %s parameter is "
		    "needed.",
		    s->dialect->matcher_params[0].name);
	return false;
}

/* The header beats the parameter (draft 7, "Reconnection"); an empty id
 * counts as not given. */
static void
read_last_id(struct subscribing *s, const struct request *rq)
{
	const char *const *name = s->dialect->last_id_params;

	s->last_id = rq->last_event_id;
	for (; s->last_id.len == 0 && *name != NULL; name++)
		s->last_id = form_get(s->query, *name);
	s->bad_last_id =
	    !utf8_valid(s->last_id) || utf8_has_control(s->last_id);
	if (s->last_id.len == 0 || s->bad_last_id)
		s->last_id = slice_of(NULL);
}

static bool
check_last_id(const struct subscribing *s, struct answer *a)
{
	return !s->bad_last_id ||
	       problem(a, 400,
		   "The last event id is not UTF-8 or holds control "
		   "characters.");
}

static bool
refuse_delivery(struct answer *a, struct slice how)
{
	const char *new_value = config_new_value("MERCURE_DELIVERY", how);

	if (new_value != NULL) {
		answer_problem(a, 400,
		    "delivery=%.*s is called delivery=%s now.", SLICE_ARG(how),
		    new_value);
		return false;
	}
	return problem(a, 400,
	    "The parameter delivery must be stream or poll; without it "
	    "MERCURE_DELIVERY decides.");
}

/* Read how to deliver updates: as the parameter says, else as configured. */
static bool
read_delivery(struct subscribing *s, struct answer *a, const struct config *c)
{
	struct subscriber_opening *o = s->opening;
	struct slice how = form_get(s->query, "delivery");

	if (how.base == NULL)
		how = slice_of(c->delivery);
	o->poll = slice_is(how, "poll");
	if (!o->poll && !slice_is(how, "stream"))
		return refuse_delivery(a, how);
	o->retry_ms = (uint32_t)c->retry_ms;
	if (o->poll && o->retry_ms > POLL_RETRY_MS)
		o->retry_ms = POLL_RETRY_MS;
	return true;
}

static bool
admit(struct subscribing *s, struct answer *a, const struct request *rq,
    struct context *c)
{
	struct grant *g = NULL;
	struct slice from;

	read_last_id(s, rq);
	from = slice_is(s->last_id, EARLIEST) ? slice_of("") : s->last_id;
	if (authorize_subscriber(&g, &s->start, from, a, rq, s->query, c) !=
	    ERR_OK)
		return false;
	if (!settings_admit(c->settings, g)) {
		grant_unref(g);
		answer_refuse(
		    a, REFUSAL_SUBSCRIBE_TOKEN, NULL, rq, c->settings);
		return false;
	}
	s->opening->grant = g;
	return true;
}

/* Set where the stream begins: at the end of the log, or behind the last id. */
static bool
set_position(struct subscribing *s, struct answer *a)
{
	const struct queue_start *start = &s->start;
	struct subscriber_opening *o = s->opening;
	enum err e = queue_cursor_id(&start->key, start->tail, s->tail_id);

	o->epoch = start->key.epoch;
	o->at = start->at;
	o->from_start = !start->known;
	o->first = o->poll && s->last_id.base == NULL;
	a->decision.position = s->last_id.base == NULL ? "tail"
			       : s->start.known        ? "id"
						       : "earliest";
	if (e != ERR_OK)
		answer_unavailable(a, e);
	return e == ERR_OK;
}

/* A random 80 to 100 % of the longest life, so that streams which began
 * together do not all reconnect at once. */
static int64_t
lifetime_ms(const struct config *c)
{
	uint64_t whole = c->write_timeout_s * 1000;

	return (int64_t)(whole - spread_random(whole / 5));
}

/* End the stream at the token's `exp`, without jitter, or at the end of its
 * longest life.  A poll waits a shorter time for its first update. */
static void
set_end(struct subscriber_opening *o, const struct config *c)
{
	int64_t now = clock_mono_ms(), left;

	o->wait_ms = now + (int64_t)c->poll_wait_s * 1000;
	o->away_ms = AWAY_WAITS * (uint32_t)c->poll_wait_s * 1000;
	o->extension = config_session_extension(c);
	o->life_ms = INT64_MAX;
	if (c->write_timeout_s > 0)
		o->life_ms = now + lifetime_ms(c);
	o->end_ms = o->life_ms;
	if (o->grant == NULL || grant_expires_ms(o->grant) == INT64_MAX)
		return;
	left = grant_expires_ms(o->grant) - clock_real_ms();
	if (left < o->end_ms - now)
		o->end_ms = now + (left > 0 ? left : 0);
}

/* Whose rights count.  A page sees by it that the hub answers it as anonymous,
 * which a status of 200 does not say. */
static const char *
subscriber_kind(const struct grant *g)
{
	if (g == NULL || (grant_is_session(g) && grant_is_empty(g)))
		return "anonymous";
	return grant_is_session(g) ? "session" : "token";
}

static void
write_head(struct subscribing *s, struct response *r, const struct request *rq,
    const struct settings *st)
{
	struct buf link;

	buf_init(&link, 4096);
	discovery_link(
	    &link, s->dialect, settings_hub_url(st, rq), slice_of(s->tail_id));

	r->type = "text/event-stream";
	r->caching = "private, no-store";
	r->goes_on = true;
	response_header(r, "X-Accel-Buffering", "no");
	/* Scripts read their first position from Link, so a head without it
	 * fails. */
	if (link.err != ERR_OK)
		r->head.err = link.err;
	response_header(r, "Link", "%.*s", SLICE_ARG(buf_view(&link)));
	response_header(
	    r, SUBSCRIBER_HEADER, "%s", subscriber_kind(s->opening->grant));
	if (s->last_id.base != NULL && s->start.known)
		response_header(r, s->dialect->last_id_response, "%.*s",
		    SLICE_ARG(s->last_id));
	else if (s->last_id.base != NULL)
		response_header(r, s->dialect->last_id_response, EARLIEST);
	buf_free(&link);
}

/* Write a comment, so that front ends pass on the headers at once; the time to
 * wait before a reconnect; and a position, unless the peer has sent one. */
static void
write_first_lines(struct subscribing *s, struct buf *out)
{
	event_comment(out);
	event_retry(out, s->opening->retry_ms);
	if (s->last_id.base == NULL) /* then the stream begins at the tail */
		event_cursor(out, slice_of(s->tail_id));
}

static bool
make_head(struct subscribing *s, struct answer *a, const struct request *rq,
    struct context *c)
{
	struct response head;
	struct buf out;

	/* Leave the answer as it is: the stream may still be refused. */
	response_init(&head);
	buf_slice(&head.head, buf_view(&a->response.head));
	write_head(s, &head, rq, c->settings);
	buf_init(&out, RESPONSE_HEAD_MAX + 1024);
	response_write(&head, true, &out);
	write_first_lines(s, &out);
	response_free(&head);
	if (out.err == ERR_OK && head.status == 200)
		s->opening->head = frame_new(c->framing, buf_view(&out));
	buf_free(&out);
	if (s->opening->head == NULL)
		answer_unavailable(a, ERR_NOMEM);
	return s->opening->head != NULL;
}

/* Claim the stream's patterns, which are tried on each update, or refuse it. */
static bool
claim_patterns(struct subscribing *s, struct answer *a,
    const struct request *rq, struct context *c)
{
	const struct config *config = c->settings->config;
	const struct pattern_limits limits = { config->pattern_weight_max,
		config->pattern_weight_client_max };
	struct subscriber_opening *o = s->opening;
	char client[IP_TEXT_MAX];
	struct pattern_client who = { .id = counted_client(
					  client, rq, c->settings),
		.anonymous = is_anonymous(o) };
	struct problem p = { "" };
	enum err e = ERR_OK;

	if (!who.anonymous)
		who.id = (struct slice){ (const char *)grant_token(o->grant),
			GRANT_TOKEN_SIZE };
	if (c->patterns != NULL)
		e = patterns_claim(
		    &o->patterns, c->patterns, &o->matchers, &who, &limits, &p);
	if (e == ERR_LIMIT) {
		response_header(&a->response, "Retry-After", RETRY_AFTER);
		answer_problem(a, 429, "%s", p.text);
	} else if (e != ERR_OK)
		answer_unavailable(a, e);
	return e == ERR_OK;
}

/* The steps that GET and HEAD share.  False: the answer says why not. */
static bool
prepare(struct subscribing *s, struct answer *a, const struct request *rq,
    struct context *c)
{
	const struct config *config = c->settings->config;

	if ((s->opening = mem_calloc(1, sizeof(*s->opening))) == NULL) {
		answer_unavailable(a, ERR_NOMEM);
		return false;
	}
	return parse_query(s, a, rq, c->settings) && admit(s, a, rq, c) &&
	       read_matchers(s, a, c->settings) &&
	       claim_patterns(s, a, rq, c) && read_delivery(s, a, config) &&
	       check_last_id(s, a) && set_position(s, a);
}

static void
release(struct subscribing *s)
{
	presence_free(s->start.away);
	subscriber_opening_free(s->opening);
	form_free(s->query);
}

void
subscribe_handle(struct answer *a, const struct request *rq, struct context *c)
{
	const struct config *config = c->settings->config;
	struct subscribing s = { 0 };

	if (prepare(&s, a, rq, c) && enlist(s.opening, a, rq, &s.start, c) &&
	    make_head(&s, a, rq, c)) {
		set_end(s.opening, config);
		s.opening->keepalive_ms = (uint32_t)config->keepalive_s * 1000;
		a->kind = ANSWER_STREAM;
		a->opening = s.opening;
		s.opening = NULL;
	}
	release(&s);
}

void
subscribe_head(struct answer *a, const struct request *rq, struct context *c)
{
	struct subscribing s = { 0 };

	/* It is in the roster only for a moment, so that HEAD reports a limit
	 * as GET does. */
	if (prepare(&s, a, rq, c) && enlist(s.opening, a, rq, &s.start, c))
		write_head(&s, &a->response, rq, c->settings);
	release(&s);
}
