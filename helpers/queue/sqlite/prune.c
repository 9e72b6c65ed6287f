/* SPDX-License-Identifier: MIT */
/* prune.c - deletes the oldest rows, in the transaction that adds new ones. */
#include "queue/sqlite/sqlite.h"

#define PRUNE_ROWS_MAX 1000         /* rows of one transaction, per kind; */
#define PRUNE_BYTES_MAX (16u << 20) /* more than it appends */
#define PRUNE_SLACK 100             /* 1/100 of a limit at a time */

struct totals {
	int64_t rows, bytes, pruned_seq;
};

static const struct {
	enum sql_statement oldest, prune;
} kinds[UPDATE_KINDS] = {
	[UPDATE_APPLICATION] = { SQL_OLDEST_APPLICATION,
	    SQL_PRUNE_APPLICATION },
	[UPDATE_HUB] = { SQL_OLDEST_HUB, SQL_PRUNE_HUB },
};

/* Add to the running totals; without a change, only read them. */
static enum err
add_totals(struct queue_sqlite *q, int kind, const struct queue_count *b,
    struct totals *out)
{
	sqlite3_stmt *st = queue_sqlite_statement(
	    q, b->rows > 0 ? SQL_ADD_TOTALS : SQL_READ_TOTALS);
	int64_t n[3];
	int rc;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, kind);
	if (b->rows > 0) {
		sqlite3_bind_int64(st, 2, b->rows);
		sqlite3_bind_int64(st, 3, b->bytes);
	}
	rc = sqlite3_step(st);
	if (rc == SQLITE_DONE ||
	    (rc == SQLITE_ROW && !queue_sqlite_numbers(st, 0, 3, n)))
		rc = SQLITE_CORRUPT;
	if (rc == SQLITE_ROW)
		*out = (struct totals){ n[0], n[1], n[2] };
	if (rc == SQLITE_ROW && b->rows > 0)
		rc =
		    sqlite3_step(st) == SQLITE_DONE ? SQLITE_ROW : SQLITE_ERROR;
	sqlite3_reset(st);
	return rc == SQLITE_ROW ? ERR_OK : queue_sqlite_failed(q, rc);
}

/* May the oldest row stay?  It was made at `at_ms`; its kind has `rows` rows
 * with `bytes` bytes. */
static bool
may_stay(
    const struct queue_keep *keep, int64_t rows, int64_t bytes, int64_t at_ms)
{
	if (bytes > keep->bytes)
		return false;
	return at_ms > keep->young_ms ||
	       (rows <= keep->rows && at_ms >= keep->since_ms);
}

/* Walk the oldest rows of a kind for as long as their limits are exceeded. */
static enum err
count_doomed(struct queue_sqlite *q, int kind, const struct queue_count *b,
    const struct queue_keep *keep, const struct totals *t,
    struct totals *doomed)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, kinds[kind].oldest);
	struct totals d = { 0, 0, t->pruned_seq };
	int rc;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, t->pruned_seq);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t seq, bytes;

		if (!queue_sqlite_number(st, 0, d.pruned_seq + 1, &seq) ||
		    !queue_sqlite_number(st, 1, 0, &bytes)) {
			rc = SQLITE_CORRUPT;
			break;
		}
		if (seq >= (int64_t)keep->before ||
		    d.rows >= PRUNE_ROWS_MAX + b->rows ||
		    d.bytes >= PRUNE_BYTES_MAX + b->bytes)
			break;
		if (may_stay(keep, t->rows - d.rows, t->bytes - d.bytes,
			sqlite3_column_int64(st, 2)))
			break;
		d.rows++;
		/* Never below 0, whatever the rows contain. */
		d.bytes +=
		    bytes < t->bytes - d.bytes ? bytes : t->bytes - d.bytes;
		d.pruned_seq = seq;
	}
	sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return queue_sqlite_failed(q, rc);
	*doomed = d;
	return ERR_OK;
}

static enum err
prune_rows(struct queue_sqlite *q, int kind, const struct totals *t,
    const struct totals *doomed)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, kinds[kind].prune);
	enum err e;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, t->pruned_seq);
	sqlite3_bind_int64(st, 2, doomed->pruned_seq);
	if ((e = queue_sqlite_finish(q, st)) != ERR_OK)
		return e;

	if ((st = queue_sqlite_statement(q, SQL_PRUNE_TOTALS)) == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, kind);
	sqlite3_bind_int64(
	    st, 2, doomed->rows < t->rows ? doomed->rows : t->rows);
	sqlite3_bind_int64(st, 3, doomed->bytes);
	sqlite3_bind_int64(st, 4, doomed->pruned_seq);
	return queue_sqlite_finish(q, st);
}

/*
 * Pruning one row with each insert costs half as much again as the insert.  So
 * pruning waits until several rows are due: rows may be 1 % above their limit,
 * bytes are cut to 1 % below theirs, ages are compared once a second.
 */
enum err
queue_sqlite_prune(struct queue *base, int kind, const struct queue_count *b,
    const struct queue_keep *wanted)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct queue_keep keep = *wanted;
	struct totals t = { 0, 0, 0 }, doomed = { 0, 0, 0 };
	enum err e;

	if ((e = add_totals(q, kind, b, &t)) != ERR_OK)
		return e;
	if (t.rows <= keep.rows + (b->rows > 0 && keep.rows != INT64_MAX
					  ? keep.rows / PRUNE_SLACK
					  : 0) &&
	    t.bytes <= keep.bytes && (!keep.ages || keep.since_ms == INT64_MIN))
		return ERR_OK;
	if (t.bytes > keep.bytes)
		keep.bytes -= keep.bytes / PRUNE_SLACK;
	if ((e = count_doomed(q, kind, b, &keep, &t, &doomed)) != ERR_OK ||
	    doomed.rows == 0)
		return e;
	return prune_rows(q, kind, &t, &doomed);
}
