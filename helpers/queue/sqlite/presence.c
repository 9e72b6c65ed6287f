/* SPDX-License-Identifier: MIT */
/* presence.c - the rows of this process's subscribers, and what is told of them. */
#include "base/clock.h"
#include "queue/sqlite/sqlite.h"

#define EVENT_MAX ((size_t)1 << 20)

/* A transaction that changes who is there. */
struct presenting {
	const struct presence_change *changes;
	size_t n;
	uint64_t epoch;
};

/* The byte is taken before the rows are there, so that nobody takes them for
 * a dead process's; after a change of the sidecar it is taken again. */
enum err
queue_sqlite_show_life(struct queue_sqlite *q)
{
	enum err e = sidecar_show_life(q->side, q->base.settings.owner);

	if (e != ERR_OK)
		return problem_set(&q->problem, e, "cannot lock %s-hub: %s",
		    sidecar_db_path(q->side), err_text(e));
	return ERR_OK;
}

/* One update in the form of one dialect. */
static enum err
publish_event(struct queue_sqlite *q, const struct subscription_form *form,
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
		e = queue_insert(&q->base, &u);
	buf_free(&topic);
	buf_free(&data);
	return e;
}

static enum err
publish(struct queue_sqlite *q, const struct subscription_view *v)
{
	const struct dialects *d = &q->base.settings.dialects;
	enum err e = ERR_OK;

	if (!q->base.presence_events)
		return ERR_OK;
	for (size_t i = 0; e == ERR_OK && i < d->n; i++)
		e = publish_event(q, d->v[i]->subscriptions, v);
	return e;
}

/* The row of one subscription comes or goes, and an update says so. */
static enum err
change_subscription(
    struct queue_sqlite *q, uint64_t key, const struct subscription_view *v)
{
	sqlite3_stmt *st = queue_sqlite_statement(
	    q, v->active ? SQL_INSERT_SUBSCRIPTION : SQL_DELETE_SUBSCRIPTION);
	enum err e;
	int rc;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	if ((rc = queue_sqlite_bind(st, 1, v->selector.text)) != SQLITE_OK)
		return queue_sqlite_failed(q, rc);
	sqlite3_bind_int64(st, 2, v->selector.kind);
	sqlite3_bind_int64(st, 3, (int64_t)key);
	if ((e = queue_sqlite_finish(q, st)) != ERR_OK)
		return e;
	return publish(q, v);
}

static enum err
change_subscriptions(struct queue_sqlite *q, uint64_t key, struct slice topics,
    const struct subscription_view *like)
{
	struct subscription_view v = *like;
	enum err e = ERR_OK;

	while (e == ERR_OK && selector_list_next(&topics, &v.selector))
		e = change_subscription(q, key, &v);
	return e;
}

/* Run a statement on one subscriber's row; *changed: there is such a row. */
static enum err
touch(struct queue_sqlite *q, enum sql_statement which, uint64_t owner,
    const struct presence_change *c, bool *changed)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, which);
	enum err e;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, (int64_t)c->presence->key);
	sqlite3_bind_int64(st, 2, (int64_t)owner);
	if (which == SQL_PARK_SUBSCRIBER) {
		sqlite3_bind_int64(st, 3, c->until_ms);
		sqlite3_bind_int64(st, 4, (int64_t)c->presence->signer);
	}
	if ((e = queue_sqlite_finish(q, st)) == ERR_OK)
		*changed = sqlite3_changes(q->db) > 0;
	return e;
}

/* *inserted false: it is there already. */
static enum err
insert_subscriber(struct queue_sqlite *q, uint64_t owner,
    const struct presence_change *c, bool *inserted)
{
	const struct presence *p = c->presence;
	const bool parked = c->to == PRESENCE_PARKED;
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_INSERT_SUBSCRIBER);
	int rc = SQLITE_OK;
	enum err e;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, (int64_t)p->key);
	sqlite3_bind_int64(st, 2, parked ? 0 : (int64_t)owner);
	sqlite3_bind_int64(st, 7, parked ? c->until_ms : 0);
	sqlite3_bind_int64(st, 8, (int64_t)p->signer);
	if (p->has_token)
		rc = sqlite3_bind_blob(
		    st, 4, p->token, (int)sizeof(p->token), SQLITE_STATIC);
	if (rc != SQLITE_OK ||
	    (rc = queue_sqlite_bind(st, 3, slice_of(p->subscriber))) !=
		SQLITE_OK ||
	    (rc = queue_sqlite_bind(st, 5, p->topics)) != SQLITE_OK ||
	    (rc = queue_sqlite_bind(st, 6, p->payload)) != SQLITE_OK)
		return queue_sqlite_failed(q, rc);
	if ((e = queue_sqlite_finish(q, st)) == ERR_OK)
		*inserted = sqlite3_changes(q->db) > 0;
	return e;
}

/* One that waits belongs to no process, so none ends it when its session
 * changes: it must not begin to wait after that. */
static enum err
settle_state(struct queue_sqlite *q, const struct presence_change *c,
    enum presence_state *to)
{
	bool holds = true;
	enum err e = ERR_OK;

	*to = c->to;
	if (c->to == PRESENCE_PARKED)
		e = queue_sqlite_may_wait(
		    q, c->presence, q->base.written.now_ms, &holds);
	if (!holds)
		*to = PRESENCE_GONE;
	return e;
}

enum err
queue_sqlite_change(struct queue_sqlite *q, uint64_t owner,
    const struct presence_change *wanted)
{
	static const enum sql_statement first[] = {
		[PRESENCE_GONE] = SQL_DELETE_SUBSCRIBER,
		[PRESENCE_THERE] = SQL_KEEP_SUBSCRIBER,
		[PRESENCE_PARKED] = SQL_PARK_SUBSCRIBER,
	};
	struct presence_change c = *wanted;
	const struct presence *p = c.presence;
	struct subscription_view like = {
		.subscriber = slice_of(p->subscriber),
		.payload = p->payload,
	};
	bool changed = false;
	enum err e;

	if (c.refused != NULL)
		*c.refused = false;
	if ((e = settle_state(q, wanted, &c.to)) != ERR_OK ||
	    (e = touch(q, first[c.to], owner, &c, &changed)) != ERR_OK)
		return e;
	like.active = c.to != PRESENCE_GONE;
	if (like.active && !changed)
		e = insert_subscriber(q, owner, &c, &changed);
	else if (like.active)
		return ERR_OK;
	if (e == ERR_OK && !changed && c.refused != NULL)
		*c.refused = c.to == PRESENCE_THERE;
	if (e != ERR_OK || !changed)
		return e;
	return change_subscriptions(q, p->key, p->topics, &like);
}

static enum err
present(struct queue *base, void *arg)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct presenting *p = arg;
	enum err e;

	if ((e = queue_sqlite_show_life(q)) != ERR_OK ||
	    (e = queue_sqlite_load_key(q)) != ERR_OK)
		return e;
	p->epoch = q->key.epoch;
	for (size_t i = 0; e == ERR_OK && i < p->n; i++)
		e = queue_sqlite_change(
		    q, q->base.settings.owner, &p->changes[i]);
	return e;
}

enum err
queue_sqlite_present(struct queue *base, const struct presence_change *changes,
    size_t n, uint64_t *epoch, struct problem *why)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct presenting p = { .changes = changes, .n = n };
	enum err e;

	queue_sqlite_pages(q);
	if ((e = queue_transact(base, present, &p, why)) != ERR_OK)
		return e;
	queue_sqlite_charge(q, changes, n, queue_sqlite_pages(q));
	*epoch = p.epoch;
	return e;
}
