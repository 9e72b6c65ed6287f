/* SPDX-License-Identifier: MIT */
/* write.c - appends updates and prunes, in one transaction. */
#include <string.h>

#include "base/clock.h"
#include "queue/sqlite/sqlite.h"

#define ROW_BYTES 64 /* what a row costs beside its texts */

#define PRUNE_ROWS_MAX 1000         /* of one transaction, per kind; */
#define PRUNE_BYTES_MAX (16u << 20) /* more than it appends */
#define PRUNE_SLACK 100             /* 1/100 of a limit at a time */
#define PRUNE_AGE_EVERY_MS 1000

#define HUB_ROWS_MAX 1000
#define HUB_BYTES_MAX (16u << 20)

/* A crowd tells of more than that between two rings of the bell: nobody would
 * have read what goes.  So only bytes count for rows that are this young. */
#define HUB_YOUNG_MS 5000

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

static int64_t
to_int64(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

int
queue_sqlite_bind(sqlite3_stmt *st, int at, struct slice s)
{
	return s.base == NULL ? sqlite3_bind_null(st, at)
			      : sqlite3_bind_text64(st, at, s.base, s.len,
				    SQLITE_STATIC, SQLITE_UTF8);
}

enum err
queue_sqlite_insert(struct queue_sqlite *q, const struct update *u,
    int64_t now_ms, struct queue_sqlite_count *count)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_INSERT_UPDATE);
	const struct slice topics =
	    u->topics.base != NULL ? u->topics : slice_of("");
	const int64_t bytes = to_int64(
	    ROW_BYTES + u->topics.len + u->id.len + u->type.len + u->data.len);
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
	count->rows++;
	count->bytes += bytes;
	return queue_sqlite_finish(q, st);
}

/* Add to the running totals, or only read them. */
static enum err
add_totals(struct queue_sqlite *q, int kind, const struct queue_sqlite_count *b,
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

/* What is to stay, and the rows that may not go because they are new. */
struct keep {
	int64_t rows, bytes, since_ms, before_seq;
	int64_t young_ms; /* rows made since then stay while bytes allow */
};

/* The oldest row, made at `at_ms`, when there are as many as that. */
static bool
may_stay(const struct keep *keep, int64_t rows, int64_t bytes, int64_t at_ms)
{
	if (bytes > keep->bytes)
		return false;
	return at_ms > keep->young_ms ||
	       (rows <= keep->rows && at_ms >= keep->since_ms);
}

/* Walk the oldest rows of a kind for as long as they are too many. */
static enum err
count_doomed(struct queue_sqlite *q, int kind,
    const struct queue_sqlite_count *b, const struct keep *keep,
    const struct totals *t, struct totals *doomed)
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
		if (seq >= keep->before_seq ||
		    d.rows >= PRUNE_ROWS_MAX + b->rows ||
		    d.bytes >= PRUNE_BYTES_MAX + b->bytes)
			break;
		if (may_stay(keep, t->rows - d.rows, t->bytes - d.bytes,
			sqlite3_column_int64(st, 2)))
			break;
		d.rows++;
		/* Never below nothing, whatever the rows say. */
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

/* 0 means no limit. */
static struct keep
keep_for(const struct queue_settings *s, int kind, int64_t now_ms)
{
	const bool hub = kind == UPDATE_HUB;
	const int64_t rows = to_int64(hub ? HUB_ROWS_MAX : s->rows_max);
	const int64_t bytes = to_int64(hub ? HUB_BYTES_MAX : s->bytes_max);
	const int64_t age_s = to_int64(s->age_max_s);

	return (struct keep){
		.rows = rows > 0 ? rows : INT64_MAX,
		.bytes = bytes > 0 ? bytes : INT64_MAX,
		.since_ms = age_s > 0 && age_s <= now_ms / 1000
				? now_ms - age_s * 1000
				: INT64_MIN,
		.young_ms = hub ? now_ms - HUB_YOUNG_MS : INT64_MAX,
	};
}

/*
 * Pruning one row with each insert costs half as much again as the insert.
 * So it waits until some are due: rows may be 1 % above their limit, bytes
 * go 1 % below theirs, ages are looked at once a second.
 */
enum err
queue_sqlite_settle_kind(struct queue_sqlite *q, int kind,
    const struct queue_sqlite_count *b, int64_t first_seq, bool age_due,
    int64_t now_ms)
{
	struct keep keep = keep_for(&q->settings, kind, now_ms);
	struct totals t = { 0, 0, 0 }, doomed = { 0, 0, 0 };
	enum err e;

	keep.before_seq = first_seq;
	if ((e = add_totals(q, kind, b, &t)) != ERR_OK)
		return e;
	if (t.rows <= keep.rows + (b->rows > 0 && keep.rows != INT64_MAX
					  ? keep.rows / PRUNE_SLACK
					  : 0) &&
	    t.bytes <= keep.bytes && (!age_due || keep.since_ms == INT64_MIN))
		return ERR_OK;
	if (t.bytes > keep.bytes)
		keep.bytes -= keep.bytes / PRUNE_SLACK;
	if ((e = count_doomed(q, kind, b, &keep, &t, &doomed)) != ERR_OK ||
	    doomed.rows == 0)
		return e;
	return prune_rows(q, kind, &t, &doomed);
}

struct appending {
	const struct update *const *updates;
	size_t n;
};

static enum err
fill(struct queue_sqlite *q, void *arg)
{
	const struct appending *a = arg;
	const struct update *const *updates = a->updates;
	const size_t n = a->n;
	struct queue_sqlite_count counts[UPDATE_KINDS] = { { 0, 0 } };
	const int64_t now_ms = clock_real_ms(), mono_ms = clock_mono_ms();
	const bool age_due = n == 0 || mono_ms >= q->age_due_ms;
	int64_t first_seq = INT64_MAX;
	enum err e;

	for (size_t i = 0; i < n; i++) {
		const struct update *u = updates[i];

		if ((e = queue_sqlite_insert(q, u, now_ms, &counts[u->kind])) !=
		    ERR_OK)
			return e;
		if (i == 0)
			first_seq = sqlite3_last_insert_rowid(q->db);
	}
	for (int kind = 0; kind < UPDATE_KINDS; kind++) {
		if (counts[kind].rows == 0 && !age_due)
			continue;
		if ((e = queue_sqlite_settle_kind(q, kind, &counts[kind],
			 first_seq, age_due, now_ms)) != ERR_OK)
			return e;
	}
	if (age_due)
		q->age_due_ms = mono_ms + PRUNE_AGE_EVERY_MS;
	return ERR_OK;
}

enum err
queue_sqlite_append(struct queue *base, const struct update *const *updates,
    size_t n, struct problem *p)
{
	struct appending a = { updates, n };

	return queue_sqlite_transact((struct queue_sqlite *)base, fill, &a, p);
}

void
queue_sqlite_wake(struct queue *base)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;

	if (q->side != NULL)
		sidecar_wake(q->side);
}
