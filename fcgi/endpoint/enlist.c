/* SPDX-License-Identifier: MIT */
/* enlist.c - registers a subscriber: it is counted and listed. */
#include "endpoint/enlist.h"

#include "config/counts.h"
#include "config/queue.h"
#include "endpoint/counted.h"

/* Seconds after which a stream of the same token may have ended. */
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
    const struct config *c)
{
	struct presence_parts parts = { .matchers = &o->matchers,
		.delay_ms = (uint32_t)c->presence_delay_ms };

	if (o->grant != NULL) {
		parts.payload = grant_payload(o->grant);
		parts.token = grant_token(o->grant);
		parts.signer = signer_of(o->grant);
	}
	return presence_new(out, &parts);
}

static void
restore_presence(struct presence *p, const struct queue_start *start)
{
	if (start->away == NULL)
		presence_return(p, start->away_key);
	else if (presence_is_like(p, start->away))
		presence_go_on(p, start->away);
}

/* It counts for the topics that it names itself, not for all that a pattern
 * matches. */
static void
add_views(struct roster_terms *terms, const struct matcher_list *l,
    const struct matcher_list *counts)
{
	for (size_t i = 0; i < l->n && terms->views_n < CROWD_VIEWS_MAX; i++) {
		const struct slice topic = matcher_text(l->v[i]);
		const uint64_t key = crowd_key_topic(topic);
		size_t same = 0;

		while (same < terms->views_n && terms->views[same] != key)
			same++;
		if (same == terms->views_n &&
		    matcher_kind(l->v[i]) == MATCHER_EXACT &&
		    counts_have(counts, topic))
			terms->views[terms->views_n++] = key;
	}
}

static struct roster_terms
make_terms(const struct grant *g, const struct request *rq,
    const struct settings *s, uint64_t away_key)
{
	struct counted who;

	counted_find(&who, rq, s);
	return (struct roster_terms){ .limits = { s->config->connections_max,
					  s->config->per_token_max, who.max },
		.keys = { crowd_key_grant(g),
		    crowd_key_client(slice_of(who.text)) },
		.away_key = away_key };
}

static enum err
enter(struct subscriber_opening *o, const struct request *rq,
    const struct queue_start *start, struct context *c, struct problem *why)
{
	struct roster_terms terms;
	struct presence *p = NULL;
	enum err e = make_presence(&p, o, c->settings->config);

	if (e != ERR_OK)
		return e;
	restore_presence(p, start);
	terms = make_terms(o->grant, rq, c->settings, start->away_key);
	if (c->settings->counts.n > 0 && !slice_is(rq->method, "HEAD"))
		add_views(&terms, &o->matchers, &c->settings->counts);
	if ((e = roster_enter(&o->entry, c->roster, p, &terms, why)) != ERR_OK)
		presence_free(p);
	return e;
}

static void
refuse(struct answer *a, const struct request *rq, const struct settings *s,
    enum err e, const struct problem *p)
{
	if (p->text[0] == '\0') {
		answer_unavailable(a, e);
		return;
	}
	if (e == ERR_LIMIT)
		counted_report_refused(rq, s, p->text);
	response_header(&a->response, "Retry-After", RETRY_AFTER);
	answer_problem(a, e == ERR_LIMIT ? 429 : 503, "%s", p->text);
}

bool
enlist(struct subscriber_opening *o, struct answer *a, const struct request *rq,
    const struct queue_start *start, struct context *c)
{
	struct problem p = { "" };
	enum err e;

	if (c->roster == NULL)
		return true;
	if ((e = enter(o, rq, start, c, &p)) != ERR_OK)
		refuse(a, rq, c->settings, e, &p);
	return e == ERR_OK;
}

/* The rules must admit the same subscribers as settings_admit(). */
void
enlist_use(struct roster *r, const struct settings *s)
{
	const struct jws_keys *keys = s->role[CONFIG_SUBSCRIBERS].keys;
	const bool sessions = s->config->session_cookie != NULL;
	struct roster_rules rules = { .events = s->config->subscriptions,
		.extension = config_session_extension(s->config) };

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
