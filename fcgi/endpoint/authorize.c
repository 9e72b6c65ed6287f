/* SPDX-License-Identifier: MIT */
/* authorize.c - finds and verifies the token of a request. */
#include "endpoint/authorize.h"

#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"
#include "endpoint/cors.h"
#include "mercure/token.h"
#include "queue/start.h"
#include "request/client.h"
#include "text/cookie.h"

#define SCHEME "Bearer"

enum carrier { CARRIER_NONE, CARRIER_HEADER, CARRIER_QUERY, CARRIER_COOKIE };

static const char *const carrier_names[] = {
	[CARRIER_NONE] = NULL,
	[CARRIER_HEADER] = "header",
	[CARRIER_QUERY] = "query",
	[CARRIER_COOKIE] = "cookie",
};

/* Other schemes belong to the site (a Basic password in front of it, say),
 * and carry no token. */
static bool
bearer(struct slice header, struct slice *token)
{
	size_t n = sizeof(SCHEME) - 1;

	if (header.len < n || strncasecmp(header.base, SCHEME, n) != 0 ||
	    (header.len > n && header.base[n] != ' ' && header.base[n] != '\t'))
		return false;
	*token = slice_trim(slice_after(header, n));
	return true;
}

/* Only cookies can be several. */
struct tokens {
	struct slice v[AUTHORIZE_COOKIES_MAX];
	size_t n;
};

/* A browser may send a cleared cookie with an empty value. */
static void
find_cookies(struct tokens *out, struct slice header, const char *name)
{
	struct slice value;

	while (out->n < AUTHORIZE_COOKIES_MAX &&
	       (value = cookie_next(&header, slice_of(name))).base != NULL)
		if (value.len > 0)
			out->v[out->n++] = value;
}

static enum carrier
find_tokens(struct tokens *out, const struct request *rq,
    const struct form *query, const struct dialect *d, const struct config *c)
{
	struct tokens t = { .n = 0 };
	enum carrier from = CARRIER_NONE;

	if (bearer(rq->authorization, &t.v[0]))
		from = CARRIER_HEADER;
	else if (d->token_param != NULL &&
		 (t.v[0] = form_get(query, d->token_param)).base != NULL)
		from = CARRIER_QUERY;
	if (from != CARRIER_NONE)
		t.n = 1;
	else
		find_cookies(
		    &t, rq->cookie, config_text_of(c, d->cookie_setting));
	if (from == CARRIER_NONE && t.n > 0)
		from = CARRIER_COOKIE;
	*out = t;
	return from;
}

/* A request whose dialect is not known yet. */
struct choice {
	const struct request *rq;
	const struct form *query;
	const struct config *config;
};

static bool
find_token_of(void *arg, const struct dialect *d, struct slice *token)
{
	const struct choice *c = arg;
	struct tokens t;

	if (find_tokens(&t, c->rq, c->query, d, c->config) == CARRIER_NONE)
		return false;
	*token = t.v[0];
	return true;
}

void
authorize_choose_dialect(struct answer *a, const struct request *rq,
    const struct form *query, const struct context *c)
{
	struct choice choice = { rq, query, c->settings->config };

	a->dialect =
	    dialects_of_token(&c->settings->dialects, find_token_of, &choice);
}

/* Answer 503 and not 401: the sender of the token did nothing wrong. */
static enum err
refuse_for_now(
    struct answer *a, const struct settings *s, enum config_role role)
{
	log_warn("request refused", LOG_TEXT("reason", "no keys fetched yet"),
	    LOG_TEXT("setting", config_keys_setting(s->config, role)));
	response_header(&a->response, "Retry-After", "2");
	answer_problem(a, 503,
	    "The hub has not fetched the keys yet that verify access tokens; "
	    "try again.");
	return ERR_DENIED;
}

/* Note a key that the set does not have: the token may be signed by a key that
 * was added to the set after it was fetched. */
static void
note_kid(struct slice token, const struct settings *s, enum config_role role)
{
	const struct settings_role *r = &s->role[role];
	struct jws_peek peek;

	if (r->url == NULL)
		return;
	jws_peek(&peek, token);
	if (peek.kid[0] != '\0' && !jws_keys_have_kid(r->keys, peek.kid))
		atomic_store(&s->wanted_ms[role], clock_real_ms());
}

/* RFC 6750, 3.1: the peer learns only that the token is not valid; the log gets
 * the reason.  The peer learns which limit a token exceeds, since this helps
 * nobody but the issuer of the token. */
static enum err
refuse(struct answer *a, const struct request *rq, const struct settings *s,
    enum err e, const char *why)
{
	char client[IP_TEXT_MAX];

	client_name(client, rq, s->trusted);
	log_warn("token refused", LOG_TEXT("client", client),
	    LOG_TEXT("reason", why));
	if (e == ERR_LIMIT)
		answer_refuse(a, REFUSAL_TOKEN_LIMIT, why, rq, s);
	else
		answer_refuse(a, REFUSAL_BAD_TOKEN, NULL, rq, s);
	return ERR_DENIED;
}

/* Which of several sessions is meant is looked for with this many steps
 * (matcher.h), about a millisecond. */
#define STEPS_MAX 1000000

/* A subscriber that arrives.  Its rights, which its session's row may hold,
 * decide what it may learn about the log. */
struct arrival {
	struct queue_start *start;
	const struct dialect *dialect;
	const struct form *query; /* its topics are asked for; NULL: */
	struct slice topic;       /* this one alone */
	struct session_key keys[SESSION_COOKIES_MAX];
	struct grant *rows[SESSION_COOKIES_MAX]; /* NULL: no row */
	size_t n;
	struct grant *grant; /* the token's, or that of the session meant */
	bool random_id;      /* the last event id is one that nobody guesses */
	enum err err;
};

static void
read_session(void *arg, const struct session *s, uint64_t change)
{
	struct arrival *r = arg;
	size_t i = 0;

	(void)change;
	while (i < r->n && memcmp(&r->keys[i], &s->key, sizeof(s->key)) != 0)
		i++;
	if (i < r->n && r->rows[i] == NULL && r->err == ERR_OK)
		r->err =
		    session_grant(&r->rows[i], &s->key, s, r->start->sessions);
}

/* Could an update of this selector be one that `m` allows?  Compares the
 * beginnings of templates only. */
static bool
go_together(struct slice wanted, const struct matcher *m, size_t *steps)
{
	const struct slice have = matcher_text(m);
	const char *brace = memchr(wanted.base, '{', wanted.len);
	size_t n = brace != NULL ? (size_t)(brace - wanted.base) : 0;

	*steps += 16 + wanted.len / 16;
	return slice_is(wanted, "*") || slice_eq(wanted, have) ||
	       matcher_matches_cached(m, NULL, wanted, steps) ||
	       (n > 0 && n <= have.len &&
		   memcmp(wanted.base, have.base, n) == 0);
}

static bool
allows(const struct grant *g, struct slice wanted, size_t *steps)
{
	const struct matcher_list *have = grant_subscribe(g);

	for (size_t i = 0; i < have->n && *steps < STEPS_MAX; i++)
		if (go_together(wanted, have->v[i], steps))
			return true;
	return false;
}

/* Does it allow some of what the request asks for? */
static bool
fits(const struct grant *g, const struct arrival *r, size_t *steps)
{
	if (r->query == NULL)
		return grant_may_receive(g, r->topic, NULL);
	for (size_t i = 0; i < form_count(r->query); i++) {
		const struct form_field field = form_at(r->query, i);

		if (field.value.len > 0 &&
		    dialect_matcher_param(r->dialect, field.name) != NULL &&
		    allows(g, field.value, steps))
			return true;
	}
	return false;
}

/* The first session that fits; r->n: none does. */
static size_t
find_fitting(const struct arrival *r)
{
	size_t steps = 0, i;

	for (i = 0; i < r->n; i++)
		if (r->rows[i] != NULL && fits(r->rows[i], r, &steps))
			break;
	return i;
}

static size_t
find_granted(const struct arrival *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->rows[i] != NULL && !grant_is_empty(r->rows[i]))
			return i;
	return 0;
}

static void
note_others(struct grant *g, const struct arrival *r, size_t chosen)
{
	uint8_t tokens[GRANT_OTHERS_MAX][GRANT_TOKEN_SIZE];
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (i != chosen)
			memcpy(
			    tokens[n++], r->keys[i].digest, GRANT_TOKEN_SIZE);
	grant_set_others(g, (const uint8_t(*)[GRANT_TOKEN_SIZE])tokens, n);
}

_Static_assert(GRANT_OTHERS_MAX >= SESSION_COOKIES_MAX - 1,
    "all other sessions have room");

/*
 * Rights of several sessions are not added up, so the payload that others see
 * is the one of the application that granted the rights.  Until one session
 * fits, the stream belongs to the first, and to any that is granted something
 * later.
 */
static void
choose_session(struct arrival *r)
{
	size_t i, fitting;

	if (r->grant != NULL || r->n == 0 || r->err != ERR_OK)
		return;
	fitting = find_fitting(r);
	i = fitting < r->n ? fitting : find_granted(r);
	if (r->rows[i] == NULL)
		r->err = session_grant(
		    &r->rows[i], &r->keys[i], NULL, r->start->sessions);
	if (r->err != ERR_OK)
		return;
	if (fitting == r->n)
		note_others(r->rows[i], r, i);
	r->grant = grant_ref(r->rows[i]);
}

/* The answer shows whether an update with some id exists.  So the queue finds
 * it only for subscribers that may receive it: every one if it is public, else
 * those whose grant allows it.  A random id is known only to who has received
 * it: he goes on from there, without the updates before it, when the right to
 * it has ended. */
static bool
may_know(void *arg, bool private, struct slice topics)
{
	struct arrival *r = arg;

	if (!private || r->random_id)
		return true;
	choose_session(r);
	return r->grant != NULL && grant_may_receive(r->grant, topics, NULL);
}

static enum err
ask_queue(struct arrival *r, struct context *c, struct slice last_id)
{
	const struct queue_question ask = { .last_id = last_id,
		.session = r->keys,
		.sessions_n = r->n,
		.now_ms = clock_real_ms(),
		.each = read_session,
		.may = may_know,
		.arg = r };
	struct queue *q;
	enum err e;

	r->random_id = uuid_urn_is(last_id);
	if ((e = context_queue(c, &q)) == ERR_OK &&
	    (e = queue_start(q, &ask, r->start)) == ERR_OK) {
		choose_session(r);
		if ((e = r->err) != ERR_OK) {
			presence_free(r->start->away);
			r->start->away = NULL;
		}
	}
	for (size_t i = 0; i < r->n; i++)
		grant_unref(r->rows[i]);
	return e;
}

/* Of each name the first cookie counts, as for the application itself.  A value
 * that cannot be a session id does not count. */
static enum err
find_sessions(
    struct arrival *r, const struct request *rq, const struct config *c)
{
	struct slice names = slice_of(c->session_cookie), name, value;
	enum err e = ERR_OK;

	while (r->n < SESSION_COOKIES_MAX && slice_cut(&names, ' ', &name)) {
		if (name.len == 0 ||
		    (value = cookie_find(rq->cookie, name)).base == NULL)
			continue;
		e = session_key_of_cookie(&r->keys[r->n], value);
		if (e == ERR_OK)
			r->n++;
		else if (e != ERR_SYNTAX)
			return e;
	}
	return ERR_OK;
}

/* A session that was granted nothing gets an empty grant. */
static enum err
authorize_by_session(struct grant **out, struct answer *a,
    const struct request *rq, struct slice topic, struct context *c)
{
	struct queue_start start = { .away = NULL };
	struct arrival r = { .start = &start, .topic = topic };
	enum err e = find_sessions(&r, rq, c->settings->config);

	if (e == ERR_OK && r.n > 0)
		e = ask_queue(&r, c, slice_of(NULL));
	if (e == ERR_OK) {
		*out = r.grant;
		if (r.n > 0)
			a->decision.token = "session";
		return e;
	}
	grant_unref(r.grant);
	answer_unavailable(a, e);
	return ERR_DENIED;
}

/* A page of another site may have caused a publish by cookie. */
static enum err
refuse_origin(struct answer *a)
{
	a->decision.refused = "origin";
	answer_problem(a, 403,
	    "A publish authorized by cookie must come from a page of "
	    "the hub's own origin or of one listed in "
	    "MERCURE_PUBLISH_ALLOWED_ORIGINS.");
	return ERR_DENIED;
}

/* Why the first of the tokens is not valid. */
struct verdict {
	enum err err;
	enum token_check failed;
	struct problem why;
};

/*
 * A browser sends several cookies of one name if they were set for different
 * paths or domains, and the one it sends first may be old.  So the first valid
 * one counts.  Which cookies a browser has is not secret, and rights are not
 * added up: whoever holds two tokens has the choice anyway.
 */
static enum err
verify_first(struct grant **out, struct verdict *first, const struct tokens *t,
    const struct verifier *v, const struct settings *s, enum config_role role)
{
	const int64_t now_ms = clock_real_ms();

	*first = (struct verdict){ .err = ERR_TOKEN };
	for (size_t i = 0; i < t->n; i++) {
		struct verdict x = { .why = { "" } };

		x.err = token_verify(out, &x.failed, t->v[i], v, now_ms,
		    s->config->matchers_max, &x.why);
		if (x.err == ERR_OK || x.err == ERR_NOMEM)
			return x.err;
		if (x.err == ERR_TOKEN)
			note_kid(t->v[i], s, role);
		/* It is logged like any other, so nobody hides behind it. */
		if (x.err == ERR_TOKEN && slice_is(t->v[i], TOKEN_OF_CHECK))
			problem_set(&x.why, x.err,
			    "it is what pushcgi check sends, to see whether "
			    "tokens arrive");
		if (i == 0)
			*first = x;
	}
	return first->err;
}

static enum err
authorize_by_token(struct grant **out, struct answer *a,
    const struct request *rq, const struct tokens *t, const struct settings *s,
    enum config_role role)
{
	const struct verifier v = settings_verifier(s, a->dialect, role);
	struct verdict first;
	enum err e;

	if (v.keys == NULL && s->role[role].url != NULL)
		return refuse_for_now(a, s, role);
	a->decision.refused =
	    v.keys == NULL ? token_check_name(TOKEN_KEY) : NULL;
	if (v.keys == NULL)
		return refuse(a, rq, s, ERR_DENIED,
		    role == CONFIG_PUBLISHERS
			? "MERCURE_PUBLISHER_SECRET_KEY is not set"
			: "MERCURE_SUBSCRIBER_SECRET_KEY is not set");
	e = verify_first(out, &first, t, &v, s, role);
	if (e == ERR_NOMEM) {
		answer_unavailable(a, e);
		return ERR_DENIED;
	}
	if (e != ERR_OK)
		a->decision.refused = token_check_name(first.failed);
	return e == ERR_OK ? ERR_OK : refuse(a, rq, s, e, first.why.text);
}

enum err
authorize(struct grant **out, struct answer *a, const struct request *rq,
    const struct form *query, struct slice topic, struct context *c,
    enum authorize_role role)
{
	const struct settings *s = c->settings;
	struct tokens t;
	enum carrier from;

	*out = NULL;
	from = find_tokens(&t, rq, query, a->dialect, s->config);
	a->decision.token = carrier_names[from];
	if (role == AUTHORIZE_SUBSCRIBER)
		return from == CARRIER_NONE
			   ? authorize_by_session(out, a, rq, topic, c)
			   : authorize_by_token(
				 out, a, rq, &t, s, CONFIG_SUBSCRIBERS);
	if (from == CARRIER_NONE)
		return ERR_OK;
	if (from == CARRIER_COOKIE && !cors_may_publish(rq, s))
		return refuse_origin(a);
	return authorize_by_token(out, a, rq, &t, s, CONFIG_PUBLISHERS);
}

enum err
authorize_subscriber(struct grant **out, struct queue_start *start,
    struct slice last_id, struct answer *a, const struct request *rq,
    const struct form *query, struct context *c)
{
	const struct settings *s = c->settings;
	struct arrival r = {
		.start = start, .dialect = a->dialect, .query = query
	};
	struct tokens t;
	enum carrier from;
	enum err e = ERR_OK;

	*out = NULL;
	from = find_tokens(&t, rq, query, a->dialect, s->config);
	a->decision.token = carrier_names[from];
	if (from == CARRIER_NONE)
		e = find_sessions(&r, rq, s->config);
	else if (authorize_by_token(
		     &r.grant, a, rq, &t, s, CONFIG_SUBSCRIBERS) != ERR_OK)
		return ERR_DENIED;
	if (r.n > 0)
		a->decision.token = "session";
	if (e == ERR_OK)
		e = ask_queue(&r, c, last_id);
	if (e == ERR_OK) {
		*out = r.grant;
		return e;
	}
	grant_unref(r.grant);
	answer_unavailable(a, e);
	return ERR_DENIED;
}
