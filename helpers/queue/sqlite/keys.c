/* SPDX-License-Identifier: MIT */
/* keys.c - the rows of key sets that were fetched. */
#include <string.h>

#include "queue/sqlite/sqlite.h"

#define FORGET_MS (INT64_C(30) * 24 * 3600 * 1000)

static sqlite3_stmt *
statement_for(
    struct queue_sqlite *q, enum sql_statement which, struct slice url)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, which);

	if (st != NULL && sqlite3_bind_text64(st, 1, url.base, url.len,
			      SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
		return NULL;
	return st;
}

static enum err
no_statement(struct queue_sqlite *q)
{
	return queue_sqlite_failed(q, sqlite3_errcode(q->db));
}

static enum err
take_row(sqlite3_stmt *st, struct queue_keys *out, struct buf *text)
{
	const unsigned char *error = sqlite3_column_text(st, 3);
	const void *set = text != NULL ? sqlite3_column_text(st, 4) : NULL;

	int64_t n[3];

	/* As if no process had tried yet. */
	if (!queue_sqlite_numbers(st, 0, 3, n))
		memset(n, 0, sizeof(n));
	*out = (struct queue_keys){ n[0], n[1], n[2], { "" } };
	if (error != NULL)
		problem_set(&out->error, ERR_OK, "%s", (const char *)error);
	if (set == NULL)
		return ERR_OK;
	buf_add(text, set, (size_t)sqlite3_column_bytes(st, 4));
	return text->err;
}

static enum err
keys_read(struct queue *base, struct slice url, struct queue_keys *out,
    struct buf *text)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	enum sql_statement which =
	    text != NULL ? SQL_READ_KEY_SET : SQL_LOOK_AT_KEY_SET;
	sqlite3_stmt *st;
	enum err e;
	int rc;

	if ((e = queue_sqlite_ready_to_read(q)) != ERR_OK)
		return queue_sqlite_done(q, e);
	if ((st = statement_for(q, which, url)) == NULL)
		return queue_sqlite_done(q, no_statement(q));
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		e = take_row(st, out, text);
	sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return queue_sqlite_done(q, queue_sqlite_failed(q, rc));
	queue_sqlite_done(q, ERR_OK);
	return rc == SQLITE_DONE ? ERR_NOTFOUND : e;
}

struct claim {
	struct slice url;
	int64_t now_ms, since_ms;
	bool mine;
};

static enum err
claim(struct queue *base, void *arg)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct claim *c = arg;
	sqlite3_stmt *st = statement_for(q, SQL_CLAIM_KEY_SET, c->url);
	enum err e;

	if (st == NULL)
		return no_statement(q);
	sqlite3_bind_int64(st, 2, c->now_ms);
	sqlite3_bind_int64(st, 3, c->since_ms);
	if ((e = queue_sqlite_finish(q, st)) == ERR_OK)
		c->mine = sqlite3_changes(q->db) > 0;
	return e;
}

static enum err
keys_claim(struct queue *base, struct slice url, int64_t now_ms,
    int64_t since_ms, bool *mine, struct problem *p)
{
	struct claim c = { url, now_ms, since_ms, false };
	enum err e = queue_transact(base, claim, &c, p);

	if (e == ERR_OK)
		*mine = c.mine;
	return e;
}

struct outcome {
	struct slice url, text, error;
	int64_t now_ms, fresh_ms;
};

static enum err
forget(struct queue_sqlite *q, int64_t now_ms)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_FORGET_KEY_SETS);

	if (st == NULL)
		return no_statement(q);
	sqlite3_bind_int64(st, 1, now_ms - FORGET_MS);
	return queue_sqlite_finish(q, st);
}

static enum err
store(struct queue *base, void *arg)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	const struct outcome *o = arg;
	const bool good = o->text.base != NULL;
	const struct slice what = good ? o->text : o->error;
	sqlite3_stmt *st = statement_for(
	    q, good ? SQL_STORE_KEY_SET : SQL_STORE_KEY_SET_ERROR, o->url);
	enum err e;

	if (st == NULL || sqlite3_bind_text64(st, 2, what.base, what.len,
			      SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
		return no_statement(q);
	sqlite3_bind_int64(st, 3, o->now_ms);
	if (good)
		sqlite3_bind_int64(st, 4, o->fresh_ms);
	e = queue_sqlite_finish(q, st);
	return e != ERR_OK ? e : forget(q, o->now_ms);
}

static enum err
keys_store(struct queue *base, struct slice url, struct slice text,
    int64_t now_ms, int64_t fresh_ms, struct slice error, struct problem *p)
{
	struct outcome o = { url, text, error, now_ms, fresh_ms };

	return queue_transact(base, store, &o, p);
}

const struct queue_key_ops queue_sqlite_keys = {
	.read = keys_read,
	.claim = keys_claim,
	.store = keys_store,
};
