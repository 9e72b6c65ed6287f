/* SPDX-License-Identifier: MIT */
/* read.c - reads the rows behind a position, and waits for more. */
#include <string.h>

#include "base/log.h"
#include "queue/sqlite/sqlite.h"

/* The most bytes of an id or a type that update_new() accepts. */
#define FIELD_MAX 1024

/* Could it have passed update_new()?  Otherwise its bytes could end a line of a
 * stream. */
static bool
is_sound(const struct update *u)
{
	return u->topics.base != NULL &&
	       queue_sqlite_is_line(u->id, FIELD_MAX) &&
	       queue_sqlite_is_line(u->type, FIELD_MAX) &&
	       (u->data.len == 0 ||
		   memchr(u->data.base, '\0', u->data.len) == NULL);
}

/* Returns the bytes of the row; 0: out of memory.  A row that cannot have been
 * published is skipped. */
static size_t
pass_row(struct queue_sqlite *q, sqlite3_stmt *st, queue_row_fn *row, void *arg)
{
	const uint64_t at = (uint64_t)sqlite3_column_int64(st, 0);
	char own_id[QUEUE_ID_SIZE];
	int64_t retry_ms = 0;
	const bool has_retry =
	    queue_sqlite_number(st, 3, 0, &retry_ms) && retry_ms <= UINT32_MAX;
	struct update u = {
		.kind = sqlite3_column_int(st, 1) == UPDATE_HUB
			    ? UPDATE_HUB
			    : UPDATE_APPLICATION,
		.private = sqlite3_column_int(st, 2) != 0,
		.has_retry = has_retry,
		.retry_ms = (uint32_t)retry_ms,
		.id = queue_sqlite_column(st, 4),
		.type = queue_sqlite_column(st, 5),
		.topics = queue_sqlite_column(st, 6),
		.data = queue_sqlite_column(st, 7),
	};

	if (u.id.base == NULL) {
		if (queue_cursor_id(&q->key, at, own_id) != ERR_OK)
			return 0;
		u.id = slice_of(own_id);
	}
	if (sqlite3_errcode(q->db) == SQLITE_NOMEM)
		return 0;
	if (is_sound(&u))
		row(arg, at, &u);
	else
		log_warn("update skipped",
		    LOG_TEXT("reason", "it cannot have been published"),
		    LOG_UINT("seq", at));
	return 1 + u.id.len + u.type.len + u.topics.len + u.data.len;
}

static enum err
pass_rows(struct queue_sqlite *q, size_t rows_max, size_t bytes_max,
    queue_row_fn *row, void *arg, struct queue_span *span)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_READ_UPDATES);
	size_t bytes = 0;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, (int64_t)span->next);
	sqlite3_bind_int64(
	    st, 2, rows_max > INT64_MAX ? INT64_MAX : (int64_t)rows_max);
	while ((span->rows == 0 || bytes < bytes_max) &&
	       (rc = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t seq;
		size_t n;

		/* `at` must grow with each row, or the loop would never end. */
		if (!queue_sqlite_number(
			st, 0, (int64_t)span->next + 1, &seq)) {
			rc = SQLITE_CORRUPT;
			break;
		}
		if ((n = pass_row(q, st, row, arg)) == 0) {
			rc = SQLITE_NOMEM;
			break;
		}
		bytes += n;
		span->rows++;
		span->next = (uint64_t)seq;
	}
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		   ? ERR_OK
		   : queue_sqlite_failed(q, rc);
}

/* One snapshot: the span's statement stays on its row until the rows are
 * copied. */
static enum err
read_span(struct queue_sqlite *q, uint64_t epoch_seen, size_t rows_max,
    size_t bytes_max, queue_row_fn *row, void *arg, struct queue_span *span)
{
	sqlite3_stmt *st = NULL;
	enum err e;

	if ((e = queue_sqlite_begin(q, &st, span)) != ERR_OK)
		return e;
	if (span->epoch != epoch_seen)
		span->next = 0;
	else if (rows_max > 0 && row != NULL)
		e = pass_rows(q, rows_max, bytes_max, row, arg, span);
	if (q->db != NULL)
		sqlite3_reset(st);
	return e;
}

static enum err
read_log(struct queue *base, uint64_t after, uint64_t epoch_seen,
    size_t rows_max, size_t bytes_max, queue_row_fn *row, void *arg,
    struct queue_span *out)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct queue_span span = { .next = after };
	enum err e;

	if (after > INT64_MAX)
		span.next = INT64_MAX;
	e = queue_sqlite_ready_to_read(q);
	/* Read before the log is read: a later notification ends the next
	 * wait. */
	if (q->side != NULL)
		q->word_seen = sidecar_word(q->side);
	if (e == ERR_OK)
		e = read_span(
		    q, epoch_seen, rows_max, bytes_max, row, arg, &span);
	/* The next commit of any process makes these pages stale anyway. */
	if (q->base.settings.small && q->db != NULL)
		sqlite3_db_release_memory(q->db);
	queue_sqlite_done(q, e);
	if (e == ERR_OK)
		*out = span;
	return e;
}

static void
wait_for_rows(struct queue *base, unsigned timeout_ms)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;

	sidecar_wait(
	    q->side, q->word_seen, &q->poked, q->poked_seen, timeout_ms);
	q->poked_seen = atomic_load(&q->poked);
}

static void
poke(struct queue *base)
{
	sidecar_poke(&((struct queue_sqlite *)base)->poked);
}

const struct queue_log_ops queue_sqlite_log = {
	.insert = queue_sqlite_insert,
	.prune = queue_sqlite_prune,
	.read = read_log,
	.start = queue_sqlite_start,
	.wait = wait_for_rows,
	.poke = poke,
	.wake = queue_sqlite_wake,
	.notified = queue_sqlite_notified,
};
