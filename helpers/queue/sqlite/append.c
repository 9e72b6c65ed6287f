/* SPDX-License-Identifier: MIT */
/* append.c - appends rows, and wakes their readers. */
#include "queue/sqlite/sqlite.h"

int
queue_sqlite_bind(sqlite3_stmt *st, int at, struct slice s)
{
	return s.base == NULL ? sqlite3_bind_null(st, at)
			      : sqlite3_bind_text64(st, at, s.base, s.len,
				    SQLITE_STATIC, SQLITE_UTF8);
}

enum err
queue_sqlite_insert(struct queue *base, const struct update *u, int64_t bytes,
    int64_t now_ms, uint64_t *at)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_INSERT_UPDATE);
	const struct slice topics =
	    u->topics.base != NULL ? u->topics : slice_of("");
	enum err e;
	int rc;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, u->kind);
	sqlite3_bind_int64(st, 2, bytes);
	sqlite3_bind_int64(st, 3, now_ms);
	sqlite3_bind_int64(st, 4, u->private);
	if (u->has_retry)
		sqlite3_bind_int64(st, 5, u->retry_ms);
	if ((rc = queue_sqlite_bind(st, 6, u->id)) != SQLITE_OK ||
	    (rc = queue_sqlite_bind(st, 7, u->type)) != SQLITE_OK ||
	    (rc = queue_sqlite_bind(st, 8, topics)) != SQLITE_OK ||
	    (rc = queue_sqlite_bind(st, 9, u->data)) != SQLITE_OK)
		return queue_sqlite_failed(q, rc);
	if ((e = queue_sqlite_finish(q, st)) == ERR_OK)
		*at = (uint64_t)sqlite3_last_insert_rowid(q->db);
	return e;
}

void
queue_sqlite_wake(struct queue *base)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;

	if (q->side != NULL)
		sidecar_wake(q->side);
}

bool
queue_sqlite_notified(struct queue *base, struct queue_notified *out)
{
	const struct queue_sqlite *q = (struct queue_sqlite *)base;

	if (q->side == NULL)
		return false;
	out->count = sidecar_word(q->side);
	out->ago_ms = sidecar_silence_ms(q->side);
	return true;
}
