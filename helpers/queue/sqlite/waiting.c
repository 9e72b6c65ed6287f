/* SPDX-License-Identifier: MIT */
/* waiting.c - ends subscribers between two polls whose right has ended. */
#include <string.h>

#include "base/clock.h"
#include "queue/sqlite/sqlite.h"

/* Copies: the rows are deleted while their statement would be open. */
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
		if ((e = queue_sqlite_copy(&rows[*n], st)) == ERR_OK)
			cost += presence_cost(rows[(*n)++]);
	sqlite3_reset(st);
	if (e != ERR_OK)
		return problem_set(&q->problem, e, "%s", err_text(e));
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		   ? ERR_OK
		   : queue_sqlite_failed(q, rc);
}

enum err
queue_sqlite_end_rows(
    struct queue_sqlite *q, uint64_t owner, sqlite3_stmt *st, size_t *n)
{
	struct presence *rows[PRESENCE_CHANGES_MAX] = { NULL };
	size_t copied = 0;
	enum err e = copy_rows(q, st, rows, &copied);

	for (size_t i = 0; e == ERR_OK && i < copied; i++) {
		const struct presence_change c = { .to = PRESENCE_GONE,
			.presence = rows[i] };

		e = queue_sqlite_change(q, owner, &c);
	}
	for (size_t i = 0; i < copied; i++)
		presence_free(rows[i]);
	if (n != NULL)
		*n = copied;
	return e;
}

static sqlite3_stmt *
waiting_of_session(struct queue_sqlite *q, const struct session *s, bool all)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_WAITING_OF_SESSION);

	if (st == NULL ||
	    sqlite3_bind_blob(st, 1, s->key.digest, GRANT_TOKEN_SIZE,
		SQLITE_STATIC) != SQLITE_OK ||
	    queue_sqlite_bind(st, 4, s->payload) != SQLITE_OK)
		return NULL;
	sqlite3_bind_int64(st, 5, s->until_ms);
	sqlite3_bind_int64(st, 2, PRESENCE_CHANGES_MAX);
	sqlite3_bind_int64(st, 3, all);
	return st;
}

enum err
queue_sqlite_end_session(struct queue *base, const struct session *s, bool all)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	enum err e = ERR_OK;
	size_t n = 1;

	while (e == ERR_OK && n > 0) {
		sqlite3_stmt *st = waiting_of_session(q, s, all);

		if (st == NULL)
			return queue_sqlite_failed(q, sqlite3_errcode(q->db));
		e = queue_sqlite_end_rows(q, 0, st, &n);
	}
	return e;
}

/* Its token is how the digest of its session begins. */
static enum err
bind_session(sqlite3_stmt *st, const struct presence *p, int64_t now_ms,
    uint8_t first[DIGEST_SIZE], uint8_t last[DIGEST_SIZE])
{
	memset(first, 0, DIGEST_SIZE);
	memset(last, 0xff, DIGEST_SIZE);
	memcpy(first, p->token, sizeof(p->token));
	memcpy(last, p->token, sizeof(p->token));
	sqlite3_bind_int64(st, 3, now_ms);
	if (sqlite3_bind_blob(st, 1, first, DIGEST_SIZE, SQLITE_STATIC) !=
		SQLITE_OK ||
	    sqlite3_bind_blob(st, 2, last, DIGEST_SIZE, SQLITE_STATIC) !=
		SQLITE_OK ||
	    queue_sqlite_bind(st, 4, p->payload) != SQLITE_OK)
		return ERR_NOMEM;
	return ERR_OK;
}

enum err
queue_sqlite_may_wait(
    struct queue_sqlite *q, const struct presence *p, int64_t now_ms, bool *out)
{
	const bool granted = p->signer == PRESENCE_BY_SESSION;
	uint8_t first[DIGEST_SIZE], last[DIGEST_SIZE];
	sqlite3_stmt *st;
	int rc;

	*out = true;
	if (!granted && p->signer != PRESENCE_BY_EMPTY_SESSION)
		return ERR_OK;
	st = queue_sqlite_statement(q, SQL_SESSION_OF_WAITING);
	if (st == NULL || bind_session(st, p, now_ms, first, last) != ERR_OK)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = granted ? sqlite3_column_int(st, 0) != 0
			       : sqlite3_column_int(st, 1) == 0;
	else
		*out = !granted;
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		   ? ERR_OK
		   : queue_sqlite_failed(q, rc);
}

/* End all parked subscribers of this signer. */
struct ending {
	uint64_t signer;
};

static enum err
end_some(struct queue *base, void *arg)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct ending *ending = arg;
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_WAITING_OF_SIGNER);

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, (int64_t)ending->signer);
	sqlite3_bind_int64(st, 2, PRESENCE_CHANGES_MAX);
	return queue_sqlite_end_rows(q, 0, st, NULL);
}

static bool
is_among(uint64_t signer, const uint64_t *signers, size_t n)
{
	while (n > 0)
		if (signers[--n] == signer)
			return true;
	return false;
}

/* Find a signer of parked subscribers that is not one of `signers`. */
static enum err
find_ended(struct queue_sqlite *q, const uint64_t *signers, size_t n,
    uint64_t *out, bool *found)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_WAITING_SIGNERS);
	int rc;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	*found = false;
	while (!*found && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		*out = (uint64_t)sqlite3_column_int64(st, 0);
		*found = !is_among(*out, signers, n);
	}
	sqlite3_reset(st);
	return *found || rc == SQLITE_DONE ? ERR_OK
					   : queue_sqlite_failed(q, rc);
}

enum err
queue_sqlite_end_waiting(struct queue *base, const uint64_t *signers, size_t n,
    bool *more, struct problem *p)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct ending ending = { 0 };
	bool found = false;
	enum err e;

	*more = false;
	if ((e = queue_sqlite_ready(q)) == ERR_OK)
		e = find_ended(q, signers, n, &ending.signer, &found);
	if (e != ERR_OK)
		return problem_set(
		    p, queue_sqlite_done(q, e), "%s", q->problem.text);
	if (!found)
		return ERR_OK;
	if ((e = queue_transact(base, end_some, &ending, p)) != ERR_OK)
		return e;
	*more = true;
	return ERR_OK;
}
