/* SPDX-License-Identifier: MIT */
/* read.c - reads what lies behind a position, and waits for more. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "queue/sqlite/sqlite.h"

#define LOOK_EVERY_MS 1000

/* Bytes of an id or a type that update_new() lets pass. */
#define FIELD_MAX 1024

/*
 * Ready to read, and once a second a look whether this is still the database
 * at the path: SQLite itself reads on from one that was moved away without
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

/* ERR_NOTFOUND: the cached key is of another epoch. */
static enum err
step_span(struct queue_sqlite *q, sqlite3_stmt **st, struct queue_span *span)
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
	if (q->key.epoch == span->epoch)
		return ERR_OK;
	sqlite3_reset(*st);
	return ERR_NOTFOUND;
}

/* Leaves the statement on its row, which holds the snapshot; the caller
 * resets it. */
static enum err
begin_span(struct queue_sqlite *q, sqlite3_stmt **st, struct queue_span *span)
{
	enum err e = step_span(q, st, span);

	if (e != ERR_NOTFOUND)
		return e;
	if ((e = queue_sqlite_load_key(q)) == ERR_OK)
		e = step_span(q, st, span);
	if (e != ERR_NOTFOUND)
		return e;
	return problem_set(
	    &q->problem, ERR_MOVED, "%s is replaced at this moment", q->path);
}

/* Could it have come through update_new()?  Else its bytes could end a line
 * of a stream. */
static bool
is_sound(const struct update *u)
{
	return u->topics.base != NULL &&
	       queue_sqlite_is_line(u->id, FIELD_MAX) &&
	       queue_sqlite_is_line(u->type, FIELD_MAX) &&
	       (u->data.len == 0 ||
		   memchr(u->data.base, '\0', u->data.len) == NULL);
}

/* Returns the bytes of the row; 0: no memory.  One that nobody published is
 * passed over. */
static size_t
hand_row(struct queue_sqlite *q, sqlite3_stmt *st, queue_row_fn *row, void *arg)
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
		log_warn("update passed over",
		    LOG_TEXT("reason", "nobody could publish it"),
		    LOG_UINT("seq", at));
	return 1 + u.id.len + u.type.len + u.topics.len + u.data.len;
}

static enum err
hand_rows(struct queue_sqlite *q, size_t rows_max, size_t bytes_max,
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

		/* Always behind the last one, or this would never end. */
		if (!queue_sqlite_number(
			st, 0, (int64_t)span->next + 1, &seq)) {
			rc = SQLITE_CORRUPT;
			break;
		}
		if ((n = hand_row(q, st, row, arg)) == 0) {
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

	if ((e = begin_span(q, &st, span)) != ERR_OK)
		return e;
	if (span->epoch != epoch_seen)
		span->next = 0;
	else if (rows_max > 0 && row != NULL)
		e = hand_rows(q, rows_max, bytes_max, row, arg, span);
	if (q->db != NULL)
		sqlite3_reset(st);
	return e;
}

enum err
queue_sqlite_read(struct queue *base, uint64_t after, uint64_t epoch_seen,
    size_t rows_max, size_t bytes_max, queue_row_fn *row, void *arg,
    struct queue_span *out)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct queue_span span = { .next = after };
	enum err e;

	if (after > INT64_MAX)
		span.next = INT64_MAX;
	e = queue_sqlite_ready_to_read(q);
	/* Before the look into the log: a bell that rings from now on ends
	 * the next wait. */
	if (q->side != NULL)
		q->word_seen = sidecar_word(q->side);
	if (e == ERR_OK)
		e = read_span(
		    q, epoch_seen, rows_max, bytes_max, row, arg, &span);
	/* Anybody's next commit makes these pages old anyway. */
	if (q->base.settings.spare && q->db != NULL)
		sqlite3_db_release_memory(q->db);
	queue_sqlite_done(q, e);
	if (e == ERR_OK)
		*out = span;
	return e;
}

/* The last seq that was ever given, pruned or not. */
static enum err
read_tail(struct queue_sqlite *q, uint64_t *out)
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

enum err
queue_sqlite_tail(struct queue *base, uint64_t *out)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	uint64_t seq = 0;
	enum err e;

	if ((e = queue_sqlite_ready_to_read(q)) == ERR_OK)
		e = read_tail(q, &seq);
	queue_sqlite_done(q, e);
	if (e == ERR_OK)
		*out = seq;
	return e;
}

static enum err
find_cursor(struct queue_sqlite *q, struct slice id, uint64_t *out, bool *known)
{
	struct queue_span span = { 0 };
	uint64_t at;
	sqlite3_stmt *st = NULL;
	uint64_t tail = 0, parked;
	enum err e;

	if ((e = begin_span(q, &st, &span)) != ERR_OK)
		return e;
	if ((e = read_tail(q, &tail)) == ERR_OK)
		e = queue_cursor_parse(&q->key, id, &at, &parked);
	if (q->db != NULL)
		sqlite3_reset(st);
	if (e == ERR_OK && at <= tail && at >= span.floor) {
		*out = at;
		*known = true;
	}
	if (e == ERR_NOMEM)
		problem_set(&q->problem, e, "%s", err_text(e));
	return e == ERR_SYNTAX || e == ERR_LIMIT ? ERR_OK : e;
}

/* Step to the first row that may be told of. */
static int
step_allowed(sqlite3_stmt *st, queue_may_fn *may, const void *arg)
{
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if (may == NULL || may(arg, sqlite3_column_int(st, 1) != 0,
				       queue_sqlite_column(st, 2)))
			break;
	return rc;
}

static enum err
find_update(struct queue_sqlite *q, struct slice id, queue_may_fn *may,
    const void *arg, uint64_t *out, bool *known)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_FIND_ID);
	int rc = SQLITE_ERROR;
	int64_t seq = 0;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int(st, 2, QUEUE_FIND_MAX);
	rc = sqlite3_bind_text64(
	    st, 1, id.base, id.len, SQLITE_STATIC, SQLITE_UTF8);
	if (rc == SQLITE_OK)
		rc = step_allowed(st, may, arg);
	if (rc == SQLITE_ROW && !queue_sqlite_number(st, 0, 0, &seq))
		rc = SQLITE_CORRUPT;
	if (rc == SQLITE_ROW) {
		*out = (uint64_t)seq;
		*known = true;
	}
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		   ? ERR_OK
		   : queue_sqlite_failed(q, rc);
}

enum err
queue_sqlite_find(struct queue *base, struct slice id, queue_may_fn *may,
    const void *arg, uint64_t *out, bool *known)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	uint64_t at = 0;
	bool found = false;
	enum err e;

	if ((e = queue_sqlite_ready_to_read(q)) == ERR_OK && id.len > 0)
		e = id.base[0] == '#'
			? find_cursor(q, id, &at, &found)
			: find_update(q, id, may, arg, &at, &found);
	queue_sqlite_done(q, e);
	if (e == ERR_OK) {
		*out = at;
		*known = found;
	}
	return e;
}

enum err
queue_sqlite_cursor_key(struct queue *base, struct queue_cursor_key *out)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	enum err e;

	if ((e = queue_sqlite_ready_to_read(q)) == ERR_OK)
		e = queue_sqlite_load_key(q);
	queue_sqlite_done(q, e);
	if (e == ERR_OK)
		*out = q->key;
	return e;
}

void
queue_sqlite_wait(struct queue *base, unsigned timeout_ms)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;

	sidecar_wait(
	    q->side, q->word_seen, &q->poked, q->poked_seen, timeout_ms);
	q->poked_seen = atomic_load(&q->poked);
}

void
queue_sqlite_poke(struct queue *base)
{
	sidecar_poke(&((struct queue_sqlite *)base)->poked);
}
