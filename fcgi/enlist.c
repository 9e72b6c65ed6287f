/* SPDX-License-Identifier: MIT */
/* enlist.c - puts a subscriber among those who are counted and told of. */
#include "enlist.h"

/* When a stream of the same token may have ended. */
#define RETRY_AFTER "10"

static enum err
make_presence(struct presence **out, const struct subscriber_opening *o)
{
	struct presence_parts parts = { .matchers = &o->matchers };

	if (o->grant != NULL) {
		parts.payload = grant_payload(o->grant);
		parts.token = grant_token(o->grant);
	}
	return presence_new(out, &parts);
}

/* *key: of the row in its id, also if that is not written yet, or never. */
static enum err
go_on_as_parked(
    struct presence *p, struct slice last_id, struct queue *q, uint64_t *key)
{
	struct presence *parked = NULL;
	struct queue_cursor_key k;
	enum err e;

	*key = 0;
	if (last_id.base == NULL)
		return ERR_OK;
	if ((e = queue_cursor_key(q, &k)) != ERR_OK)
		return e;
	*key = queue_parked_key(&k, last_id);
	e = queue_parked(q, last_id, &parked);
	if (parked != NULL && presence_is_like(p, parked))
		presence_go_on(p, parked);
	presence_free(parked);
	return e;
}

static struct roster_terms
make_terms(const struct grant *g, const struct request *rq,
    const struct config *c, uint64_t parked)
{
	const struct slice address =
	    rq->address.base != NULL ? rq->address : slice_of("");

	return (
	    struct roster_terms){ .limits = { c->connections_max,
				      c->per_token_max, c->per_address_max },
		.keys = { crowd_key_grant(g), crowd_key_address(address) },
		.parked = parked };
}

static enum err
enter(struct subscriber_opening *o, const struct request *rq,
    struct slice last_id, struct context *c, struct fault *f)
{
	struct roster_terms terms;
	struct presence *p = NULL;
	struct queue *q;
	uint64_t parked;
	enum err e;

	if ((e = context_queue(c, &q)) != ERR_OK ||
	    (e = make_presence(&p, o)) != ERR_OK)
		return e;
	if ((e = go_on_as_parked(p, last_id, q, &parked)) == ERR_OK) {
		terms = make_terms(o->grant, rq, c->settings->config, parked);
		e = roster_enter(&o->entry, c->roster, p, &terms, f);
	}
	if (e != ERR_OK)
		presence_free(p);
	return e;
}

static void
refuse(struct answer *a, enum err e, const struct fault *f)
{
	if (f->text[0] == '\0') {
		answer_unavailable(a, e);
		return;
	}
	response_header(&a->response, "Retry-After", RETRY_AFTER);
	response_problem(
	    &a->response, e == ERR_LIMIT ? 429 : 503, "%s", f->text);
}

bool
enlist(struct subscriber_opening *o, struct answer *a, const struct request *rq,
    struct slice last_id, struct context *c)
{
	struct fault f = { "" };
	enum err e;

	if (c->roster == NULL)
		return true;
	if ((e = enter(o, rq, last_id, c, &f)) != ERR_OK)
		refuse(a, e, &f);
	return e == ERR_OK;
}
