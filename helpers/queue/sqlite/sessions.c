/* SPDX-License-Identifier: MIT */
/* sessions.c - the rows of sessions, and the numbers of their changes. */
#include "base/clock.h"
#include "queue/sqlite/sqlite.h"

static enum err
no_statement(struct queue_sqlite *q)
{
	return queue_sqlite_failed(q, sqlite3_errcode(q->db));
}

static sqlite3_stmt *
statement_for(struct queue_sqlite *q, enum sql_statement which,
    const struct session_key *key)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, which);

	if (st != NULL && sqlite3_bind_blob(st, 1, key->digest, DIGEST_SIZE,
			      SQLITE_STATIC) != SQLITE_OK)
		return NULL;
	return st;
}

/* The columns in the order of all statements here: digest, until_ms, topics,
 * payload, change, kept_ms, moved_to, granted_ms. */
static enum err
read_session(struct session *s, sqlite3_stmt *st)
{
	const void *digest = sqlite3_column_blob(st, 0);
	int64_t number;

	if (digest == NULL || sqlite3_column_type(st, 0) != SQLITE_BLOB ||
	    sqlite3_column_bytes(st, 0) != DIGEST_SIZE)
		return ERR_IO;
	memcpy(s->key.digest, digest, DIGEST_SIZE);
	if (!queue_sqlite_time(st, 1, &s->until_ms) ||
	    !queue_sqlite_time(st, 5, &s->kept_ms) ||
	    !queue_sqlite_time(st, 7, &s->granted_ms) ||
	    !queue_sqlite_number(st, 4, 0, &number))
		return ERR_IO;
	s->topics = queue_sqlite_column(st, 2);
	s->payload = queue_sqlite_column(st, 3);
	s->moved = sqlite3_column_type(st, 6) != SQLITE_NULL;
	return ERR_OK;
}

static enum err
emit_rows(
    struct queue_sqlite *q, sqlite3_stmt *st, queue_session_fn *each, void *arg)
{
	struct session s;
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW &&
	       read_session(&s, st) == ERR_OK &&
	       sqlite3_errcode(q->db) != SQLITE_NOMEM)
		each(arg, &s, (uint64_t)sqlite3_column_int64(st, 4));
	if (rc == SQLITE_ROW)
		rc = sqlite3_errcode(q->db) == SQLITE_NOMEM ? SQLITE_NOMEM
							    : SQLITE_CORRUPT;
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? ERR_OK : queue_sqlite_failed(q, rc);
}

enum err
queue_sqlite_find_session(struct queue_sqlite *q, const struct session_key *key,
    int64_t now_ms, queue_session_fn *each, void *arg)
{
	sqlite3_stmt *st = statement_for(q, SQL_FIND_SESSION, key);

	if (st == NULL)
		return no_statement(q);
	sqlite3_bind_int64(st, 2, now_ms);
	return emit_rows(q, st, each, arg);
}

static enum err
session_read(struct queue *base, const struct session_key *key, int64_t now_ms,
    queue_session_fn *each, void *arg)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;

	return queue_sqlite_find_session(q, key, now_ms, each, arg);
}

/* The token of a session is the beginning of its digest. */
static enum err
session_read_token(struct queue *base, const uint8_t token[GRANT_TOKEN_SIZE],
    int64_t now_ms, queue_session_fn *each, void *arg)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_SESSION_OF_TOKEN);
	uint8_t first[DIGEST_SIZE], last[DIGEST_SIZE];

	memset(first, 0, DIGEST_SIZE);
	memset(last, 0xff, DIGEST_SIZE);
	memcpy(first, token, GRANT_TOKEN_SIZE);
	memcpy(last, token, GRANT_TOKEN_SIZE);
	if (st == NULL ||
	    sqlite3_bind_blob(st, 1, first, DIGEST_SIZE, SQLITE_STATIC) !=
		SQLITE_OK ||
	    sqlite3_bind_blob(st, 2, last, DIGEST_SIZE, SQLITE_STATIC) !=
		SQLITE_OK)
		return no_statement(q);
	sqlite3_bind_int64(st, 3, now_ms);
	return emit_rows(q, st, each, arg);
}

static enum err
session_next_moved(struct queue *base, const struct session_key *key,
    int64_t now_ms, const struct session_key *after, queue_session_fn *each,
    void *arg)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	sqlite3_stmt *st = statement_for(q, SQL_SESSION_BEHIND, key);

	if (st == NULL || sqlite3_bind_blob(st, 3, after->digest, DIGEST_SIZE,
			      SQLITE_STATIC) != SQLITE_OK)
		return no_statement(q);
	sqlite3_bind_int64(st, 2, now_ms);
	return emit_rows(q, st, each, arg);
}

static enum err
next_number(struct queue_sqlite *q, int64_t *out)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_NEXT_SESSION_CHANGE);
	int rc = st != NULL ? sqlite3_step(st) : sqlite3_errcode(q->db);

	if (rc == SQLITE_ROW && !queue_sqlite_number(st, 0, 1, out))
		rc = SQLITE_CORRUPT;
	if (rc == SQLITE_ROW) {
		rc = sqlite3_step(st);
	} else if (rc == SQLITE_DONE) {
		rc = SQLITE_CORRUPT;
	}
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? ERR_OK : queue_sqlite_failed(q, rc);
}

static enum err
write_row(struct queue_sqlite *q, const struct session *s,
    const struct session_key *moved_to)
{
	sqlite3_stmt *st;
	int64_t number = 0;
	enum err e;

	if ((e = next_number(q, &number)) != ERR_OK)
		return e;
	if ((st = statement_for(q, SQL_STORE_SESSION, &s->key)) == NULL ||
	    queue_sqlite_bind(st, 4, s->topics) != SQLITE_OK ||
	    queue_sqlite_bind(st, 5, s->payload) != SQLITE_OK ||
	    (moved_to != NULL && sqlite3_bind_blob(st, 6, moved_to->digest,
				     DIGEST_SIZE, SQLITE_STATIC) != SQLITE_OK))
		return no_statement(q);
	sqlite3_bind_int64(st, 2, number);
	sqlite3_bind_int64(st, 3, s->until_ms);
	sqlite3_bind_int64(st, 7, s->granted_ms);
	return queue_sqlite_finish(q, st);
}

static enum err
session_write(struct queue *base, const struct session *s,
    const struct session_key *moved_to)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;

	return write_row(q, s, moved_to);
}

static enum err
session_redirect(struct queue *base, const struct session_key *from,
    const struct session_key *to)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	sqlite3_stmt *st = statement_for(q, SQL_MOVE_SESSION_ON, from);

	if (st == NULL || sqlite3_bind_blob(st, 2, to->digest, DIGEST_SIZE,
			      SQLITE_STATIC) != SQLITE_OK)
		return no_statement(q);
	return queue_sqlite_finish(q, st);
}

static enum err
session_forget(struct queue *base, int64_t now_ms)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_FORGET_SESSIONS);

	if (st == NULL)
		return no_statement(q);
	sqlite3_bind_int64(st, 1, now_ms);
	return queue_sqlite_finish(q, st);
}

static enum err
read_number(struct queue_sqlite *q, uint64_t *out)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_READ_SESSION_CHANGE);
	int rc = st != NULL ? sqlite3_step(st) : sqlite3_errcode(q->db);

	int64_t number = 0;

	if (rc == SQLITE_ROW && !queue_sqlite_number(st, 0, 0, &number))
		rc = SQLITE_CORRUPT;
	*out = (uint64_t)number;
	sqlite3_reset(st);
	return rc == SQLITE_ROW ? ERR_OK
				: queue_sqlite_failed(q,
				      rc == SQLITE_DONE ? SQLITE_CORRUPT : rc);
}

/* Read the number first: a change made in between is in the row, and is found
 * again by its number. */
static enum err
session_find(struct queue *base, const struct session_key *key, int64_t now_ms,
    queue_session_fn *each, void *arg, uint64_t *number)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	enum err e;

	if ((e = queue_sqlite_ready_to_read(q)) == ERR_OK &&
	    (e = read_number(q, number)) == ERR_OK)
		e = queue_sqlite_find_session(q, key, now_ms, each, arg);
	return queue_sqlite_done(q, e);
}

static enum err
emit_where(struct queue_sqlite *q, enum sql_statement which, int64_t from,
    int64_t max, queue_session_fn *each, void *arg)
{
	sqlite3_stmt *st;
	enum err e;

	if ((e = queue_sqlite_ready_to_read(q)) != ERR_OK)
		return queue_sqlite_done(q, e);
	if ((st = queue_sqlite_statement(q, which)) == NULL)
		return queue_sqlite_done(q, no_statement(q));
	sqlite3_bind_int64(st, 1, from);
	sqlite3_bind_int64(st, 2, max);
	return queue_sqlite_done(q, emit_rows(q, st, each, arg));
}

static enum err
session_changes(struct queue *base, uint64_t number, size_t max,
    queue_session_fn *each, void *arg)
{
	return emit_where((struct queue_sqlite *)base, SQL_SESSION_CHANGES,
	    (int64_t)number, (int64_t)max, each, arg);
}

static enum err
session_list(
    struct queue *base, int64_t now_ms, queue_session_fn *each, void *arg)
{
	return emit_where((struct queue_sqlite *)base, SQL_LIST_SESSIONS,
	    now_ms, INT64_MAX, each, arg);
}

const struct queue_session_ops queue_sqlite_sessions = {
	.find = session_find,
	.changes = session_changes,
	.list = session_list,
	.read = session_read,
	.read_token = session_read_token,
	.next_moved = session_next_moved,
	.write = session_write,
	.redirect = session_redirect,
	.forget = session_forget,
};
