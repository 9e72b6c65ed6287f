/* SPDX-License-Identifier: MIT */
/* enlist.c - puts a subscriber among those who are counted and told of. */
#include "enlist.h"

#include "counted.h"

/* When a stream of the same token may have ended. */
#define RETRY_AFTER "10"

static uint64_t
signer_of(const struct grant *g)
{
	if (!grant_is_session(g))
		return presence_signer(grant_key(g));
	return grant_is_empty(g) ? PRESENCE_BY_EMPTY_SESSION
				 : PRESENCE_BY_SESSION;
}

static enum err
make_presence(struct presence **out, const struct subscriber_opening *o,
    const struct counted *who, const struct config *c)
{
	struct presence_parts parts = { .matchers = &o->matchers,
		.delay_ms = (uint32_t)c->presence_delay_ms };

	if (o->grant != NULL) {
		parts.payload = grant_payload(o->grant);
		parts.token = grant_token(o->grant);
		parts.signer = signer_of(o->grant);
	}
	parts.address = counted_address(who);
	return presence_new(out, &parts);
}

static enum err
go_on_as_parked(struct presence *p, struct slice last_id, struct queue *q)
{
	struct presence *parked = NULL;
	uint64_t key = 0;
	enum err e;

	if (last_id.base == NULL)
		return ERR_OK;
	e = queue_parked(q, last_id, &parked, &key);
	if (parked != NULL && presence_is_like(p, parked))
		presence_go_on(p, parked);
	else if (parked == NULL && e == ERR_OK)
		presence_return(p, key);
	presence_free(parked);
	return e;
}

static enum err
enter(struct subscriber_opening *o, struct presence *p,
    const struct counted *who, struct context *c, struct fault *f)
{
	const struct config *config = c->settings->config;
	const struct roster_limits limits = { config->connections_max,
		config->per_token_max, who->max };
	struct queue_crowd elsewhere;
	enum err e = queue_crowd(
	    c->queue, roster_owner(c->roster), p, limits.total > 0, &elsewhere);

	if (e != ERR_OK)
		return e;
	return roster_enter(&o->entry, c->roster, p, &elsewhere, &limits, f);
}

bool
enlist(struct subscriber_opening *o, struct answer *a, const struct request *rq,
    struct slice last_id, struct context *c)
{
	struct presence *p = NULL;
	struct counted who;
	struct fault f = { "" };
	struct queue *q;
	enum err e;

	if (c->roster == NULL)
		return true;
	counted_find(&who, rq, c->settings);
	if ((e = context_queue(c, &q)) == ERR_OK &&
	    (e = make_presence(&p, o, &who, c->settings->config)) == ERR_OK &&
	    (e = go_on_as_parked(p, last_id, q)) == ERR_OK &&
	    (e = enter(o, p, &who, c, &f)) == ERR_OK)
		return true;
	presence_free(p);
	if (e == ERR_LIMIT) {
		counted_tell_refused(rq, c->settings, f.text);
		response_header(&a->response, "Retry-After", RETRY_AFTER);
		response_problem(&a->response, 429, "%s", f.text);
	} else {
		answer_unavailable(a, e);
	}
	return false;
}

/* As settings_admit() has it. */
void
enlist_use(struct roster *r, const struct settings *s)
{
	const struct jws_keys *keys = s->role[CONFIG_SUBSCRIBERS].keys;
	const bool sessions = s->config->session_cookie != NULL;
	struct roster_rules rules = { .tells = s->config->subscriptions };

	if (s->config->allow_anonymous)
		rules.signers[rules.n++] = PRESENCE_BY_NOBODY;
	if (sessions)
		rules.signers[rules.n++] = PRESENCE_BY_SESSION;
	if (sessions && s->config->allow_anonymous)
		rules.signers[rules.n++] = PRESENCE_BY_EMPTY_SESSION;
	for (size_t i = 0; keys != NULL && i < jws_keys_count(keys); i++)
		rules.signers[rules.n++] =
		    presence_signer(jws_keys_fingerprint(keys, i));
	roster_use(r, &rules);
}
