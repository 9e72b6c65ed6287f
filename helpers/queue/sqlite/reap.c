/* SPDX-License-Identifier: MIT */
/* reap.c - removes subscribers whose process, time or key ended. */
#include "base/clock.h"
#include "queue/sqlite/sqlite.h"

/* When the sidecar is a new file, its processes need a moment to notice that
 * and to lock their bytes in it. */
#define GRACE_MS 2000

/* The byte is locked before the rows exist, so that no process takes them for
 * those of a dead process; after a change of the sidecar it is locked again. */
enum err
queue_sqlite_show_life(struct queue_sqlite *q)
{
	enum err e = sidecar_show_life(q->side, q->base.settings.owner);

	if (e != ERR_OK)
		return problem_set(&q->problem, e, "cannot lock %s-hub: %s",
		    sidecar_db_path(q->side), err_text(e));
	return ERR_OK;
}

/* Is the process really dead?  It may have returned since the search, and this
 * may be another sidecar.  Owner 0: the rows belong to no process. */
bool
queue_sqlite_is_dead(const struct queue_sqlite *q, uint64_t owner)
{
	return owner == 0 || (sidecar_age_ms(q->side) >= GRACE_MS &&
				 !sidecar_lives(q->side, owner));
}

/* The next owner above `after`; 0: there are no more. */
static enum err
next_owner(struct queue_sqlite *q, uint64_t after, uint64_t *out)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_NEXT_OWNER);
	int64_t owner;
	int rc;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, (int64_t)after);
	rc = sqlite3_step(st);
	*out = 0;
	if (rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL) {
		/* The owner must grow with each call, or the loop would never
		 * end. */
		if (queue_sqlite_number(st, 0, (int64_t)after + 1, &owner))
			*out = (uint64_t)owner;
		else
			rc = SQLITE_CORRUPT;
	}
	sqlite3_reset(st);
	return rc == SQLITE_ROW ? ERR_OK : queue_sqlite_failed(q, rc);
}

/* Are there rows without a process whose time is up? */
static enum err
is_due(struct queue_sqlite *q, int64_t now_ms, bool *out)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_SUBSCRIBERS_OF);
	int rc;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, 0);
	sqlite3_bind_int64(st, 2, now_ms);
	sqlite3_bind_int64(st, 3, 1);
	rc = sqlite3_step(st);
	sqlite3_reset(st);
	*out = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		   ? ERR_OK
		   : queue_sqlite_failed(q, rc);
}

/* Find the owner whose rows are to be removed.  0: rows without a process,
 * whose time is up. */
static enum err
find_dead(struct queue_sqlite *q, int64_t now_ms, uint64_t *out, bool *found)
{
	uint64_t owner = 0;
	enum err e;

	*out = 0;
	if ((e = is_due(q, now_ms, found)) != ERR_OK || *found)
		return e;
	if (sidecar_age_ms(q->side) < GRACE_MS)
		return ERR_OK;
	while ((e = next_owner(q, owner, &owner)) == ERR_OK && owner != 0) {
		if (sidecar_lives(q->side, owner))
			continue;
		*found = true;
		*out = owner;
		break;
	}
	return e;
}

/* Open the database and the sidecar at the path, and lock this process's byte
 * in it: without traffic, nothing else checks them for a minute. */
static enum err
stay_alive(struct queue_sqlite *q)
{
	enum err e;

	if (q->side != NULL && sidecar_moved(q->side)) {
		sidecar_close(q->side);
		q->side = NULL;
	}
	if (q->db != NULL && queue_sqlite_look(q) == ERR_MOVED)
		queue_sqlite_shut(q);
	if ((e = queue_sqlite_ready(q)) != ERR_OK)
		return e;
	return queue_sqlite_show_life(q);
}

enum err
queue_sqlite_dead(struct queue *base, uint64_t *epoch, uint64_t *owner,
    int64_t *until_ms, bool *found, struct problem *p)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	enum err e;

	*found = false;
	*until_ms = clock_real_ms();
	if ((e = stay_alive(q)) == ERR_OK)
		e = queue_sqlite_load_key(q);
	if (e == ERR_OK)
		*epoch = q->key.epoch;
	if (e == ERR_OK && sidecar_lead(q->side))
		e = find_dead(q, *until_ms, owner, found);
	if (e == ERR_OK)
		return e;
	/* Only failures are reported: a queue that is full can be read as
	 * well. */
	queue_sqlite_done(q, e);
	return problem_set(p, e, "%s", q->problem.text);
}

static bool
is_among(uint64_t signer, const uint64_t *signers, size_t n)
{
	while (n > 0)
		if (signers[--n] == signer)
			return true;
	return false;
}

static enum err
find_signer(struct queue_sqlite *q, const uint64_t *signers, size_t n,
    uint64_t *out, bool *found)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_AWAY_SIGNERS);
	int rc = SQLITE_DONE;

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
queue_sqlite_other_signer(struct queue *base, const uint64_t *signers, size_t n,
    uint64_t *out, bool *found, struct problem *p)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	enum err e;

	if ((e = queue_sqlite_ready(q)) == ERR_OK)
		e = find_signer(q, signers, n, out, found);
	if (e == ERR_OK)
		return e;
	return problem_set(p, queue_sqlite_done(q, e), "%s", q->problem.text);
}
