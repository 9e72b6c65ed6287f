/* SPDX-License-Identifier: MIT */
/* authorize.c - finds and verifies the token of a request. */
#include "endpoint/authorize.h"

#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
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

static enum carrier
find_token(struct slice *token, const struct request *rq,
    const struct form *query, const struct dialect *d, const struct config *c)
{
	const char *cookie = config_text_of(c, d->cookie_setting);

	if (bearer(rq->authorization, token))
		return CARRIER_HEADER;
	if (d->token_param != NULL) {
		*token = form_get(query, d->token_param);
		if (token->base != NULL)
			return CARRIER_QUERY;
	}
	*token = cookie_find(rq->cookie, slice_of(cookie));
	/* A cookie that was cleared may come back empty. */
	return token->len > 0 ? CARRIER_COOKIE : CARRIER_NONE;
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

	return find_token(token, c->rq, c->query, d, c->config) != CARRIER_NONE;
}

void
authorize_choose_dialect(struct answer *a, const struct request *rq,
    const struct form *query, const struct context *c)
{
	struct choice choice = { rq, query, c->settings->config };

	a->dialect =
	    dialects_of_token(&c->settings->dialects, find_token_of, &choice);
}

/* The sender of the token has done nothing wrong. */
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

/* The token may be signed by a key that came into the set since. */
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

/* RFC 6750, 3.1: the peer learns that the token is no good, the log why.  Of
 * limits it may learn more: they help whoever made the token, and no other. */
static enum err
refuse(struct answer *a, const struct request *rq, const struct settings *s,
    enum err e, const char *why)
{
	char client[IP_TEXT_MAX];

	client_name(client, rq, s->trusted);
	log_warn("token refused", LOG_TEXT("client", client),
	    LOG_TEXT("reason", why));
	if (e == ERR_LIMIT)
		answer_refuse(a, REFUSAL_TOKEN_LIMIT, why, s);
	else
		answer_refuse(a, REFUSAL_BAD_TOKEN, NULL, s);
	return ERR_DENIED;
}

/* A subscriber who arrives.  Its rights, which may come from its session's row,
 * decide what it may know of the log. */
struct arrival {
	struct queue_start *start;
	struct grant *grant;
	enum err err;
};

static void
read_session(void *arg, const struct session *s, uint64_t change)
{
	struct arrival *r = arg;

	(void)change;
	r->err = session_grant(&r->grant, &s->key, s, r->start->sessions);
}

/* The answer shows whether an update with some id exists.  So only subscribers
 * that may receive it find it: all if it is public, else by their grant. */
static bool
may_know(void *arg, bool private, struct slice topics)
{
	const struct arrival *r = arg;

	return !private ||
	       (r->grant != NULL && grant_may_receive(r->grant, topics, NULL));
}

/* `key` NULL: it has no session. */
static enum err
ask_queue(struct arrival *r, struct context *c, const struct session_key *key,
    struct slice last_id)
{
	const struct queue_question ask = { .last_id = last_id,
		.session = key,
		.now_ms = clock_real_ms(),
		.each = read_session,
		.may = may_know,
		.arg = r };
	struct queue *q;
	enum err e;

	if ((e = context_queue(c, &q)) != ERR_OK ||
	    (e = queue_start(q, &ask, r->start)) != ERR_OK)
		return e;
	e = r->err;
	if (key != NULL && r->grant == NULL && e == ERR_OK)
		e = session_grant(&r->grant, key, NULL, r->start->sessions);
	if (e != ERR_OK) {
		presence_free(r->start->away);
		r->start->away = NULL;
	}
	return e;
}

/* *has false: none, or a cookie that cannot be one. */
static enum err
find_session(struct session_key *out, bool *has, const struct request *rq,
    const struct config *c)
{
	struct slice value;
	enum err e;

	*has = false;
	if (c->session_cookie == NULL ||
	    (value = cookie_find(rq->cookie, slice_of(c->session_cookie)))
		    .base == NULL)
		return ERR_OK;
	e = session_key_of_cookie(out, value);
	*has = e == ERR_OK;
	return e == ERR_SYNTAX ? ERR_OK : e;
}

/* An unknown session is anonymous. */
static enum err
authorize_by_session(struct grant **out, struct answer *a,
    const struct request *rq, struct context *c)
{
	struct queue_start start = { .away = NULL };
	struct arrival r = { .start = &start };
	struct session_key key;
	bool has;
	enum err e = find_session(&key, &has, rq, c->settings->config);

	if (e == ERR_OK && has)
		e = ask_queue(&r, c, &key, slice_of(NULL));
	*out = r.grant;
	if (e == ERR_OK && has)
		a->decision.token = "session";
	if (e == ERR_OK)
		return e;
	answer_unavailable(a, e);
	return ERR_DENIED;
}

/* A publish by cookie may be another site's doing. */
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

static enum err
authorize_by_token(struct grant **out, struct answer *a,
    const struct request *rq, struct slice token, const struct settings *s,
    enum config_role role)
{
	const struct verifier v = settings_verifier(s, a->dialect, role);
	enum token_check failed;
	struct problem why = { "" };
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
	e = token_verify(out, &failed, token, &v, clock_real_ms(),
	    s->config->matchers_max, &why);
	if (e == ERR_NOMEM) {
		answer_unavailable(a, e);
		return ERR_DENIED;
	}
	if (e != ERR_OK)
		a->decision.refused = token_check_name(failed);
	if (e == ERR_TOKEN)
		note_kid(token, s, role);
	return e == ERR_OK ? ERR_OK : refuse(a, rq, s, e, why.text);
}

enum err
authorize(struct grant **out, struct answer *a, const struct request *rq,
    const struct form *query, struct context *c, enum authorize_role role)
{
	const struct settings *s = c->settings;
	struct slice token;
	enum carrier from;

	*out = NULL;
	from = find_token(&token, rq, query, a->dialect, s->config);
	a->decision.token = carrier_names[from];
	if (role == AUTHORIZE_SUBSCRIBER)
		return from == CARRIER_NONE
			   ? authorize_by_session(out, a, rq, c)
			   : authorize_by_token(
				 out, a, rq, token, s, CONFIG_SUBSCRIBERS);
	if (from == CARRIER_NONE)
		return ERR_OK;
	if (from == CARRIER_COOKIE && !cors_may_publish(rq, s))
		return refuse_origin(a);
	return authorize_by_token(out, a, rq, token, s, CONFIG_PUBLISHERS);
}

enum err
authorize_subscriber(struct grant **out, struct queue_start *start,
    struct slice last_id, struct answer *a, const struct request *rq,
    const struct form *query, struct context *c)
{
	const struct settings *s = c->settings;
	struct arrival r = { .start = start };
	struct session_key key;
	struct slice token;
	enum carrier from;
	bool has = false;
	enum err e = ERR_OK;

	*out = NULL;
	from = find_token(&token, rq, query, a->dialect, s->config);
	a->decision.token = carrier_names[from];
	if (from == CARRIER_NONE)
		e = find_session(&key, &has, rq, s->config);
	else if (authorize_by_token(
		     &r.grant, a, rq, token, s, CONFIG_SUBSCRIBERS) != ERR_OK)
		return ERR_DENIED;
	if (has)
		a->decision.token = "session";
	if (e == ERR_OK)
		e = ask_queue(&r, c, has ? &key : NULL, last_id);
	if (e == ERR_OK) {
		*out = r.grant;
		return e;
	}
	grant_unref(r.grant);
	answer_unavailable(a, e);
	return ERR_DENIED;
}
