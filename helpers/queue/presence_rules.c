/* SPDX-License-Identifier: MIT */
/* presence_rules.c - decides which rows of subscribers and updates to write. */
#include "mercure/dialect.h"
#include "queue/backend.h"
#include "queue/presence.h"

#define EVENT_MAX ((size_t)1 << 20)

/* A private update of the hub's own about one subscription, in the form of one
 * dialect. */
static enum err
publish_in(struct queue *q, const struct subscription_form *form,
    const struct subscription_view *v)
{
	const struct subscription_place at = { v->selector, v->subscriber };
	struct update u = { .kind = UPDATE_HUB, .private = true };
	struct buf topic, data;
	enum err e;

	buf_init(&topic, EVENT_MAX);
	buf_init(&data, EVENT_MAX);
	form->path(&topic, &at);
	form->write(&data, v, slice_of(NULL));
	u.topics = buf_view(&topic);
	u.data = buf_view(&data);
	if ((e = topic.err) == ERR_OK && (e = data.err) == ERR_OK)
		e = queue_insert(q, &u);
	buf_free(&topic);
	buf_free(&data);
	return e;
}

static enum err
publish(struct queue *q, const struct subscription_view *v)
{
	const struct dialects *d = &q->settings.dialects;
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < d->n; i++)
		e = publish_in(q, d->v[i]->subscriptions, v);
	return e;
}

static enum err
publish_each(struct queue *q, const struct presence *p, bool active)
{
	struct subscription_view v = { .subscriber = slice_of(p->subscriber),
		.payload = p->payload,
		.active = active };
	struct slice topics = p->topics;
	enum err e = ERR_OK;

	while (e == ERR_OK && selector_list_next(&topics, &v.selector))
		e = publish(q, &v);
	return e;
}

/* The session of a subscriber, and whether it still grants its
 * subscriptions. */
struct asking {
	const struct presence *p;
	bool allowed;
};

static void
ask_session(void *arg, const struct session *s, uint64_t number)
{
	struct asking *a = arg;
	const bool same =
	    (s->payload.base == NULL) == (a->p->payload.base == NULL) &&
	    slice_eq(s->payload, a->p->payload);

	(void)number;
	a->allowed =
	    !s->moved && same &&
	    (a->p->signer == PRESENCE_BY_EMPTY_SESSION || s->topics.len > 0);
}

/* A subscriber that is away belongs to no process, so no process ends it when
 * its session changes: it must not become away after that change. */
static enum err
check_session(struct queue *q, struct presence_change *c)
{
	const struct presence *p = c->presence;
	/* A session without a row grants nothing. */
	struct asking a = { p, p->signer == PRESENCE_BY_EMPTY_SESSION };
	enum err e;

	if (c->to != PRESENCE_AWAY ||
	    (p->signer != PRESENCE_BY_SESSION &&
		p->signer != PRESENCE_BY_EMPTY_SESSION))
		return ERR_OK;
	e = q->backend->sessions->read_token(
	    q, p->token, q->written.now_ms, ask_session, &a);
	if (e == ERR_OK && !a.allowed)
		c->to = PRESENCE_GONE;
	return e;
}

static enum err
change(struct queue *q, uint64_t owner, const struct presence_change *wanted,
    enum presence_outcome *out)
{
	struct presence_change c = *wanted;
	enum err e;

	if (c.refused != NULL)
		*c.refused = false;
	if ((e = check_session(q, &c)) != ERR_OK ||
	    (e = q->backend->presence->set(q, owner, &c, out)) != ERR_OK)
		return e;
	if (c.refused != NULL)
		*c.refused = *out == PRESENCE_TAKEN && c.to == PRESENCE_THERE;
	if (!q->presence_events ||
	    (*out != PRESENCE_CAME && *out != PRESENCE_WENT))
		return ERR_OK;
	return publish_each(q, c.presence, *out == PRESENCE_CAME);
}

struct presenting {
	const struct presence_change *changes;
	size_t n;
	uint64_t epoch;
};

static enum err
present(struct queue *q, void *arg)
{
	struct presenting *p = arg;
	enum presence_outcome out;
	enum err e = q->backend->presence->own(q, &p->epoch);

	for (size_t i = 0; e == ERR_OK && i < p->n; i++)
		e = change(q, q->settings.owner, &p->changes[i], &out);
	return e;
}

enum err
queue_present(struct queue *q, const struct presence_change *changes, size_t n,
    uint64_t *epoch, struct problem *why)
{
	struct presenting p = { .changes = changes, .n = n };
	enum err e;

	q->backend->presence->written(q);
	if ((e = queue_transact(q, present, &p, why)) != ERR_OK)
		return e;
	queue_charge(q, changes, n, q->backend->presence->written(q));
	*epoch = p.epoch;
	return e;
}

/* End some of the subscribers that the backend finds; *ended is their
 * number. */
static enum err
end_some(struct queue *q, const struct presence_query *which, size_t *ended)
{
	struct presence *rows[PRESENCE_CHANGES_MAX] = { NULL };
	size_t n = 0;
	enum err e = q->backend->presence->find(q, which, rows, &n);

	*ended = 0;
	for (size_t i = 0; e == ERR_OK && i < n; i++) {
		const struct presence_change c = { .to = PRESENCE_GONE,
			.presence = rows[i] };
		enum presence_outcome out;

		e = change(q, which->owner, &c, &out);
		*ended += e == ERR_OK && out == PRESENCE_WENT;
	}
	for (size_t i = 0; i < n; i++)
		presence_free(rows[i]);
	return e;
}

enum err
queue_end_of_session(struct queue *q, const struct session *s, bool all)
{
	const struct presence_query which = {
		.by = PRESENCE_OF_SESSION, .session = s, .all = all
	};
	enum err e = ERR_OK;
	size_t ended = 1;

	while (e == ERR_OK && ended > 0)
		e = end_some(q, &which, &ended);
	return e;
}

struct ending {
	struct presence_query which;
	size_t ended;
};

static enum err
end_body(struct queue *q, void *arg)
{
	struct ending *ending = arg;

	return end_some(q, &ending->which, &ending->ended);
}

enum err
queue_end_away(struct queue *q, const uint64_t *signers, size_t n, bool *more,
    struct problem *why)
{
	struct ending ending = { .which.by = PRESENCE_OF_SIGNER };
	bool found = false;
	enum err e = q->backend->presence->other_signer(
	    q, signers, n, &ending.which.signer, &found, why);

	*more = false;
	if (e == ERR_OK && found)
		e = queue_transact(q, end_body, &ending, why);
	*more = e == ERR_OK && found;
	return e;
}

enum err
queue_reap(struct queue *q, uint64_t *epoch, bool *more, struct problem *why)
{
	struct ending ending = { .which.by = PRESENCE_OF_OWNER };
	bool found = false;
	enum err e = q->backend->presence->dead(
	    q, epoch, &ending.which.owner, &ending.which.until_ms, &found, why);

	if (e == ERR_OK && found)
		e = queue_transact(q, end_body, &ending, why);
	/* Otherwise rows that cannot be deleted would keep it in this loop
	 * forever. */
	*more = e == ERR_OK && found && ending.ended > 0;
	return e;
}

void
queue_set_presence_events(struct queue *q, bool on)
{
	q->presence_events = on;
}

enum err
queue_subscriptions(struct queue *q, struct selector wanted,
    struct slice subscriber, queue_subscription_fn *each, void *arg,
    struct buf *last_id)
{
	return q->backend->presence->list(
	    q, wanted, subscriber, each, arg, last_id);
}
