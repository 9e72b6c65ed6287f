/* SPDX-License-Identifier: MIT */
/* transact.c - one transaction under the lock, on the right database. */
#include "base/log.h"
#include "queue/sqlite/sqlite.h"

/* The rows are safe by now: a failure is only told, after the unlock. */
static void
tell_checkpoint(struct queue_sqlite *q, enum err e)
{
	if (e != ERR_OK && !q->checkpoint_logged)
		log_err(
		    "checkpoint failed", LOG_TEXT("reason", q->problem.text));
	q->checkpoint_logged = e != ERR_OK;
}

static void
roll_back(struct queue_sqlite *q)
{
	const struct problem why = q->problem;

	if (q->db != NULL && !sqlite3_get_autocommit(q->db) &&
	    queue_sqlite_run(q, SQL_ROLLBACK) != ERR_OK)
		queue_sqlite_shut(q);
	q->problem = why;
}

static enum err
transact(struct queue_sqlite *q, queue_sqlite_body *body, void *arg)
{
	enum err e;

	if ((e = queue_sqlite_run(q, SQL_BEGIN)) != ERR_OK)
		return e;
	/* Another process may have upgraded the database since. */
	if ((e = queue_sqlite_version(q)) == ERR_OK &&
	    (e = body(q, arg)) == ERR_OK)
		e = queue_sqlite_run(q, SQL_COMMIT);
	if (e != ERR_OK) {
		roll_back(q);
		return e;
	}
	/* A database that is no longer at its place has swallowed them. */
	if ((e = queue_sqlite_look(q)) == ERR_MOVED) {
		queue_sqlite_shut(q);
		problem_set(&q->problem, e,
		    "%s was moved or replaced: publish again", q->path);
	}
	return e;
}

/* ERR_NOTFOUND: something was moved before anything was written. */
static enum err
transact_locked(struct queue_sqlite *q, queue_sqlite_body *body, void *arg)
{
	enum err e;

	if ((e = queue_sqlite_look(q)) == ERR_MOVED) {
		queue_sqlite_shut(q);
		return ERR_NOTFOUND;
	}
	if (e != ERR_OK)
		return e;
	e = transact(q, body, arg);
	if (e == ERR_NOTFOUND)
		queue_sqlite_shut(q);
	return e;
}

/* ERR_NOTFOUND: try again. */
static enum err
attempt(struct queue_sqlite *q, queue_sqlite_body *body, void *arg,
    enum err *checkpointed)
{
	enum err e = queue_sqlite_lock(q);

	if (e == ERR_MOVED) {
		queue_sqlite_shut(q);
		return ERR_NOTFOUND;
	}
	if (e != ERR_OK)
		return e;
	e = transact_locked(q, body, arg);
	if (e == ERR_OK && queue_sqlite_must_checkpoint(q))
		*checkpointed = queue_sqlite_checkpoint(q);
	queue_sqlite_unlock(q);
	return e;
}

enum err
queue_sqlite_transact(struct queue_sqlite *q, queue_sqlite_body *body,
    void *arg, struct problem *p)
{
	enum err e = ERR_NOTFOUND, checkpointed = ERR_OK;

	if (q->mode != QUEUE_WRITE)
		return problem_set(p, ERR_READONLY, "opened for reading only");
	for (int i = 0; e == ERR_NOTFOUND && i < QUEUE_SQLITE_TRIES; i++) {
		if ((e = queue_sqlite_ready(q)) != ERR_OK)
			break;
		e = attempt(q, body, arg, &checkpointed);
	}
	if (e == ERR_OK) {
		tell_checkpoint(q, checkpointed);
		queue_sqlite_settle(q);
	}
	if (q->settings.spare)
		queue_sqlite_spare(q);
	if (e == ERR_NOTFOUND)
		e = problem_set(&q->problem, ERR_MOVED,
		    "%s is moved again and again: end what does it", q->path);
	queue_sqlite_done(q, e);
	if (e != ERR_OK)
		problem_set(p, e, "%s", q->problem.text);
	return e;
}
