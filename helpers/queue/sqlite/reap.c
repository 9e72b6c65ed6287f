/* SPDX-License-Identifier: MIT */
/* reap.c - removes subscribers whose process is dead or whose time is up. */
#include "base/clock.h"
#include "queue/sqlite/sqlite.h"

/* When the sidecar is a new file, its processes need a moment to find that
 * out and to show in it that they live. */
#define GRACE_MS 2000

struct reaping {
	uint64_t owner;   /* whose rows go: a dead process's, or nobody's, 0, */
	int64_t until_ms; /* those whose time is up */
	bool changed;     /* something has gone */
};

/* Has it really died?  It may have come back since we looked, and this may be
 * another sidecar. */
static bool
is_dead(const struct queue_sqlite *q, uint64_t owner)
{
	return owner == 0 || (sidecar_age_ms(q->side) >= GRACE_MS &&
				 !sidecar_lives(q->side, owner));
}

static enum err
reap(struct queue *base, void *arg)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct reaping *r = arg;
	const sqlite3_int64 before = sqlite3_total_changes64(q->db);
	sqlite3_stmt *st;
	enum err e;

	r->changed = false;
	if (!is_dead(q, r->owner))
		return ERR_OK;
	if ((st = queue_sqlite_statement(q, SQL_SUBSCRIBERS_OF)) == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, (int64_t)r->owner);
	sqlite3_bind_int64(st, 2, r->until_ms);
	sqlite3_bind_int64(st, 3, PRESENCE_CHANGES_MAX);
	e = queue_sqlite_end_rows(q, r->owner, st, NULL);
	if (e == ERR_OK)
		r->changed = sqlite3_total_changes64(q->db) != before;
	return e;
}

/* The next owner above `after`; 0: there is none. */
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
		/* Always above the last one, or this would never end. */
		if (queue_sqlite_number(st, 0, (int64_t)after + 1, &owner))
			*out = (uint64_t)owner;
		else
			rc = SQLITE_CORRUPT;
	}
	sqlite3_reset(st);
	return rc == SQLITE_ROW ? ERR_OK : queue_sqlite_failed(q, rc);
}

/* Are there rows of nobody whose time is up? */
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

/* Whose rows are to go?  *found false: nobody's. */
static enum err
find_dead(struct queue_sqlite *q, struct reaping *r, bool *found)
{
	uint64_t owner = 0;
	enum err e;

	r->owner = 0;
	r->until_ms = clock_real_ms();
	if ((e = is_due(q, r->until_ms, found)) != ERR_OK || *found)
		return e;
	if (sidecar_age_ms(q->side) < GRACE_MS)
		return ERR_OK;
	while ((e = next_owner(q, owner, &owner)) == ERR_OK && owner != 0) {
		if (sidecar_lives(q->side, owner))
			continue;
		*found = true;
		r->owner = owner;
		break;
	}
	return e;
}

/* The database and the sidecar at the path, with a sign of life of ours in
 * it: in silence nobody else looks for a minute. */
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
queue_sqlite_reap(
    struct queue *base, uint64_t *epoch, bool *more, struct problem *p)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct reaping r = { 0 };
	bool found = false;
	enum err e;

	*more = false;
	if ((e = stay_alive(q)) == ERR_OK)
		e = queue_sqlite_load_key(q);
	if (e == ERR_OK)
		*epoch = q->key.epoch;
	if (e == ERR_OK && sidecar_lead(q->side))
		e = find_dead(q, &r, &found);
	/* A look that went well does not make a queue that is full work. */
	if (e != ERR_OK)
		queue_sqlite_done(q, e);
	if (e != ERR_OK)
		return problem_set(p, e, "%s", q->problem.text);
	if (!found)
		return ERR_OK;
	if ((e = queue_transact(base, reap, &r, p)) != ERR_OK)
		return e;
	/* Rows that cannot be deleted would keep us busy for ever. */
	*more = r.changed;
	return ERR_OK;
}
