/* SPDX-License-Identifier: MIT */
/* snapshot.c - prepares reading, and holds what is read in one snapshot. */
#include <string.h>

#include "base/clock.h"
#include "queue/sqlite/sqlite.h"

#define LOOK_EVERY_MS 1000

/*
 * Prepare reading, and check once a second whether this is still the database
 * at the path: SQLite itself continues with one that was moved away, without
 * any error.
 */
enum err
queue_sqlite_ready_to_read(struct queue_sqlite *q)
{
	const int64_t now_ms = clock_mono_ms();
	bool current = false;

	if (q->db != NULL && now_ms - q->looked_ms >= LOOK_EVERY_MS) {
		q->looked_ms = now_ms;
		if (q->side != NULL && sidecar_moved(q->side)) {
			sidecar_close(q->side);
			q->side = NULL;
		}
		if (queue_sqlite_look(q) == ERR_MOVED ||
		    queue_sqlite_version(q, &current) != ERR_OK || !current)
			queue_sqlite_shut(q);
	}
	return queue_sqlite_ready(q);
}

/* 0 stands for "none seen yet". */
static bool
is_epoch(sqlite3_stmt *st)
{
	return sqlite3_column_type(st, 0) == SQLITE_INTEGER &&
	       sqlite3_column_int64(st, 0) > 0;
}

enum err
queue_sqlite_load_key(struct queue_sqlite *q)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_READ_KEY);
	int rc = st != NULL ? sqlite3_step(st) : sqlite3_errcode(q->db);

	if (rc == SQLITE_ROW && is_epoch(st) &&
	    sqlite3_column_type(st, 1) == SQLITE_BLOB &&
	    sqlite3_column_bytes(st, 1) == (int)sizeof(q->key.key)) {
		q->key.epoch = (uint64_t)sqlite3_column_int64(st, 0);
		memcpy(
		    q->key.key, sqlite3_column_blob(st, 1), sizeof(q->key.key));
		sqlite3_reset(st);
		return ERR_OK;
	}
	sqlite3_reset(st);
	return queue_sqlite_failed(
	    q, rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_CORRUPT : rc);
}

/* *is_stale: the cached key belongs to another epoch, and the statement is
 * reset. */
static enum err
step_span(struct queue_sqlite *q, sqlite3_stmt **st, struct queue_span *span,
    bool *is_stale)
{
	int64_t n[2];
	int rc;

	*st = queue_sqlite_statement(q, SQL_READ_SPAN);
	if (*st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	if ((rc = sqlite3_step(*st)) != SQLITE_ROW || !is_epoch(*st) ||
	    !queue_sqlite_numbers(*st, 1, 2, n)) {
		sqlite3_reset(*st);
		return queue_sqlite_failed(
		    q, rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_CORRUPT
							     : rc);
	}
	span->epoch = (uint64_t)sqlite3_column_int64(*st, 0);
	span->floor = (uint64_t)n[0];
	span->sessions = (uint64_t)n[1];
	*is_stale = q->key.epoch != span->epoch;
	if (*is_stale)
		sqlite3_reset(*st);
	return ERR_OK;
}

/* Leaves the statement on its row, which holds the snapshot; the caller
 * resets it. */
enum err
queue_sqlite_begin(
    struct queue_sqlite *q, sqlite3_stmt **st, struct queue_span *span)
{
	bool is_stale = false;
	enum err e = step_span(q, st, span, &is_stale);

	if (e == ERR_OK && is_stale && (e = queue_sqlite_load_key(q)) == ERR_OK)
		e = step_span(q, st, span, &is_stale);
	if (e != ERR_OK || !is_stale)
		return e;
	return problem_set(
	    &q->problem, ERR_MOVED, "%s is replaced at this moment", q->path);
}

/* The last seq that was ever given, pruned or not. */
enum err
queue_sqlite_tail(struct queue_sqlite *q, uint64_t *out)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_READ_TAIL);
	int64_t seq = 0;
	int rc = st != NULL ? sqlite3_step(st) : sqlite3_errcode(q->db);

	if (rc == SQLITE_ROW && !queue_sqlite_number(st, 0, 0, &seq))
		rc = SQLITE_CORRUPT;
	sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return queue_sqlite_failed(q, rc);
	*out = (uint64_t)seq;
	return ERR_OK;
}
