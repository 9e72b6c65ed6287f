/* SPDX-License-Identifier: MIT */
/* authorize.c - finds and verifies the token of a request. */
#include "endpoint/authorize.h"

#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "endpoint/arrival.h"
#include "endpoint/cors.h"
#include "mercure/token.h"
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

/* A session that was granted nothing gets an empty grant. */
static enum err
authorize_by_session(struct grant **out, struct answer *a,
    const struct request *rq, struct slice topic, struct context *c)
{
	struct queue_start start = { .away = NULL };
	struct arrival r = { .start = &start, .topic = topic };
	enum err e = arrival_find_sessions(&r, rq, c->settings->config);

	if (e == ERR_OK && r.n > 0)
		e = arrival_start(&r, c, slice_of(NULL));
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
		e = arrival_find_sessions(&r, rq, s->config);
	else if (authorize_by_token(
		     &r.grant, a, rq, &t, s, CONFIG_SUBSCRIBERS) != ERR_OK)
		return ERR_DENIED;
	if (r.n > 0)
		a->decision.token = "session";
	if (e == ERR_OK)
		e = arrival_start(&r, c, last_id);
	if (e == ERR_OK) {
		*out = r.grant;
		return e;
	}
	grant_unref(r.grant);
	answer_unavailable(a, e);
	return ERR_DENIED;
}
