/* SPDX-License-Identifier: MIT */
/* presence.c - the rows of subscribers, and their subscriptions by topic. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "match/selector.h"
#include "queue/sqlite/sqlite.h"

#define PAGE_BYTES 4096

static enum err
presence_own(struct queue *base, uint64_t *epoch)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	enum err e;

	if ((e = queue_sqlite_show_life(q)) == ERR_OK &&
	    (e = queue_sqlite_load_key(q)) == ERR_OK)
		*epoch = q->key.epoch;
	return e;
}

/* The rows by topic are written and deleted with the row of the subscriber. */
static enum err
change_topics(struct queue_sqlite *q, const struct presence *p, bool active)
{
	struct slice topics = p->topics;
	struct selector s;
	enum err e = ERR_OK;
	int rc;

	while (e == ERR_OK && selector_list_next(&topics, &s)) {
		sqlite3_stmt *st = queue_sqlite_statement(q,
		    active ? SQL_INSERT_SUBSCRIPTION : SQL_DELETE_SUBSCRIPTION);

		if (st == NULL)
			return queue_sqlite_failed(q, sqlite3_errcode(q->db));
		if ((rc = queue_sqlite_bind(st, 1, s.text)) != SQLITE_OK)
			return queue_sqlite_failed(q, rc);
		sqlite3_bind_int64(st, 2, s.kind);
		sqlite3_bind_int64(st, 3, (int64_t)p->key);
		e = queue_sqlite_finish(q, st);
	}
	return e;
}

/* Run a statement on one subscriber's row; *changed: there was such a row. */
static enum err
change_row(struct queue_sqlite *q, enum sql_statement which, uint64_t owner,
    const struct presence_change *c, bool *changed)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, which);
	enum err e;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, (int64_t)c->presence->key);
	sqlite3_bind_int64(st, 2, (int64_t)owner);
	if (which == SQL_LEAVE_SUBSCRIBER) {
		sqlite3_bind_int64(st, 3, c->until_ms);
		sqlite3_bind_int64(st, 4, (int64_t)c->presence->signer);
	}
	if ((e = queue_sqlite_finish(q, st)) == ERR_OK)
		*changed = sqlite3_changes(q->db) > 0;
	return e;
}

/* *inserted false: the row exists already. */
static enum err
insert_row(struct queue_sqlite *q, uint64_t owner,
    const struct presence_change *c, bool *inserted)
{
	const struct presence *p = c->presence;
	const bool away = c->to == PRESENCE_AWAY;
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_INSERT_SUBSCRIBER);
	int rc = SQLITE_OK;
	enum err e;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, (int64_t)p->key);
	sqlite3_bind_int64(st, 2, away ? 0 : (int64_t)owner);
	sqlite3_bind_int64(st, 7, away ? c->until_ms : 0);
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

static enum err
presence_set(struct queue *base, uint64_t owner,
    const struct presence_change *c, enum presence_outcome *out)
{
	static const enum sql_statement first[] = {
		[PRESENCE_GONE] = SQL_DELETE_SUBSCRIBER,
		[PRESENCE_THERE] = SQL_KEEP_SUBSCRIBER,
		[PRESENCE_AWAY] = SQL_LEAVE_SUBSCRIBER,
	};
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	const bool active = c->to != PRESENCE_GONE;
	bool changed = false;
	enum err e;

	*out = PRESENCE_SAME;
	if ((e = change_row(q, first[c->to], owner, c, &changed)) != ERR_OK ||
	    (active && changed))
		return e;
	if (active && (e = insert_row(q, owner, c, &changed)) != ERR_OK)
		return e;
	if (changed)
		*out = active ? PRESENCE_CAME : PRESENCE_WENT;
	else
		*out = active ? PRESENCE_TAKEN : PRESENCE_SAME;
	return changed ? change_topics(q, c->presence, active) : ERR_OK;
}

static struct slice
copy(char **to, struct slice s)
{
	struct slice copied = { s.base != NULL ? *to : NULL, s.len };

	if (s.len > 0)
		memcpy(*to, s.base, s.len);
	*to += s.len;
	return copied;
}

static enum err
copy_row(struct presence **out, sqlite3_stmt *st)
{
	const struct slice subscriber = queue_sqlite_column(st, 1);
	const struct slice topics = queue_sqlite_column(st, 2);
	const struct slice payload = queue_sqlite_column(st, 3);
	const void *token = sqlite3_column_blob(st, 4);
	struct presence *p;
	char *to;

	p = mem_calloc(1, sizeof(*p) + topics.len + payload.len);
	if (p == NULL)
		return ERR_NOMEM;
	to = p->text;
	p->key = (uint64_t)sqlite3_column_int64(st, 0);
	if (subscriber.len > 0 && subscriber.len < sizeof(p->subscriber))
		memcpy(p->subscriber, subscriber.base, subscriber.len);
	p->topics = copy(&to, topics);
	p->payload = copy(&to, payload);
	p->has_token = token != NULL &&
		       sqlite3_column_bytes(st, 4) == (int)sizeof(p->token);
	if (p->has_token)
		memcpy(p->token, token, sizeof(p->token));
	*out = p;
	return ERR_OK;
}

/* These are copies: a row cannot be deleted while its statement is open. */
static enum err
copy_rows(struct queue_sqlite *q, sqlite3_stmt *st,
    struct presence *rows[PRESENCE_CHANGES_MAX], size_t *n)
{
	enum err e = ERR_OK;
	size_t cost = 0;
	int rc = SQLITE_DONE;

	while (e == ERR_OK && *n < PRESENCE_CHANGES_MAX &&
	       cost < PRESENCE_COST_MAX &&
	       (rc = sqlite3_step(st)) == SQLITE_ROW)
		if ((e = copy_row(&rows[*n], st)) == ERR_OK)
			cost += presence_cost(rows[(*n)++]);
	sqlite3_reset(st);
	if (e != ERR_OK)
		return problem_set(&q->problem, e, "%s", err_text(e));
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		   ? ERR_OK
		   : queue_sqlite_failed(q, rc);
}

static sqlite3_stmt *
away_of_session(struct queue_sqlite *q, const struct session *s, bool all)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_AWAY_OF_SESSION);

	if (st == NULL ||
	    sqlite3_bind_blob(st, 1, s->key.digest, GRANT_TOKEN_SIZE,
		SQLITE_STATIC) != SQLITE_OK ||
	    queue_sqlite_bind(st, 4, s->payload) != SQLITE_OK)
		return NULL;
	sqlite3_bind_int64(st, 2, PRESENCE_CHANGES_MAX);
	sqlite3_bind_int64(st, 3, all);
	sqlite3_bind_int64(st, 5, s->until_ms);
	return st;
}

static sqlite3_stmt *
away_of_signer(struct queue_sqlite *q, uint64_t signer)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_AWAY_OF_SIGNER);

	if (st == NULL)
		return NULL;
	sqlite3_bind_int64(st, 1, (int64_t)signer);
	sqlite3_bind_int64(st, 2, PRESENCE_CHANGES_MAX);
	return st;
}

static sqlite3_stmt *
rows_of_owner(struct queue_sqlite *q, uint64_t owner, int64_t until_ms)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_SUBSCRIBERS_OF);

	if (st == NULL)
		return NULL;
	sqlite3_bind_int64(st, 1, (int64_t)owner);
	sqlite3_bind_int64(st, 2, until_ms);
	sqlite3_bind_int64(st, 3, PRESENCE_CHANGES_MAX);
	return st;
}

static enum err
presence_find(struct queue *base, const struct presence_query *which,
    struct presence *rows[PRESENCE_CHANGES_MAX], size_t *n)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	sqlite3_stmt *st = NULL;

	*n = 0;
	switch (which->by) {
	case PRESENCE_OF_OWNER:
		if (!queue_sqlite_is_dead(q, which->owner))
			return ERR_OK;
		st = rows_of_owner(q, which->owner, which->until_ms);
		break;
	case PRESENCE_OF_SIGNER:
		st = away_of_signer(q, which->signer);
		break;
	case PRESENCE_OF_SESSION:
		st = away_of_session(q, which->session, which->all);
		break;
	}
	return st != NULL ? copy_rows(q, st, rows, n)
			  : queue_sqlite_failed(q, sqlite3_errcode(q->db));
}

/* The bytes of the pages that this connection has written. */
static uint64_t
presence_written(struct queue *base)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	int now = 0, high = 0;

	if (q->db == NULL ||
	    sqlite3_db_status(q->db, SQLITE_DBSTATUS_CACHE_WRITE, &now, &high,
		1) != SQLITE_OK)
		return 0;
	return (uint64_t)now * PAGE_BYTES;
}

static bool
presence_owe(struct queue *base, int64_t us, int64_t *debt_us)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;

	if (q->side == NULL)
		return false;
	if (us > 0)
		sidecar_owe(q->side, us);
	*debt_us = sidecar_debt_us(q->side);
	return true;
}

enum err
queue_sqlite_read_away(
    struct queue_sqlite *q, uint64_t key, struct presence **out)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_READ_AWAY);
	enum err e = ERR_OK;
	int rc;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, (int64_t)key);
	sqlite3_bind_int64(st, 2, clock_real_ms());
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		e = copy_row(out, st);
	sqlite3_reset(st);
	if (e != ERR_OK)
		return problem_set(&q->problem, e, "%s", err_text(e));
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		   ? ERR_OK
		   : queue_sqlite_failed(q, rc);
}

const struct queue_presence_ops queue_sqlite_presence = {
	.own = presence_own,
	.set = presence_set,
	.find = presence_find,
	.dead = queue_sqlite_dead,
	.other_signer = queue_sqlite_other_signer,
	.list = queue_sqlite_list,
	.written = presence_written,
	.owe = presence_owe,
};
