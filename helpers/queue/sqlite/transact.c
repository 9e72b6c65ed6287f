/* SPDX-License-Identifier: MIT */
/* transact.c - one transaction under the lock, on the right database. */
#include "base/log.h"
#include "queue/sqlite/sqlite.h"

/* The rows are committed by now: a failure is only logged, after the unlock. */
static void
report_checkpoint(struct queue_sqlite *q, enum err e)
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

/* Runs `body`, and sets a text for failures that are not the database's. */
static enum err
run_body(struct queue_sqlite *q, queue_body_fn *body, void *arg)
{
	enum err e;

	q->problem.text[0] = '\0';
	e = body(&q->base, arg);
	if (e != ERR_OK && q->problem.text[0] == '\0')
		problem_set(&q->problem, e, "%s", err_text(e));
	return e;
}

/* One attempt; `again`: a file was moved before any row was written. */
struct attempt {
	queue_body_fn *body;
	void *arg;
	bool again;
	enum err checkpointed;
};

/* Another database at the path does not have the rows that were committed,
 * unless it was made from this one. */
static enum err
committed_to_moved(struct queue_sqlite *q)
{
	queue_sqlite_shut(q);
	return q->rewritten
		   ? ERR_OK
		   : problem_set(&q->problem, ERR_MOVED,
			 "%s was moved or replaced: publish again", q->path);
}

static enum err
transact(struct queue_sqlite *q, struct attempt *a)
{
	bool current = false;
	enum err e;

	if ((e = queue_sqlite_run(q, SQL_BEGIN)) != ERR_OK)
		return e;
	/* Another process may have upgraded the database since. */
	if ((e = queue_sqlite_version(q, &current)) == ERR_OK && current &&
	    (e = run_body(q, a->body, a->arg)) == ERR_OK)
		e = queue_sqlite_run(q, SQL_COMMIT);
	a->again = e == ERR_OK && !current;
	if (e != ERR_OK || a->again) {
		roll_back(q);
		return e;
	}
	e = queue_sqlite_look(q);
	return e == ERR_MOVED ? committed_to_moved(q) : e;
}

static enum err
transact_locked(struct queue_sqlite *q, struct attempt *a)
{
	enum err e = queue_sqlite_look(q);

	a->again = e == ERR_MOVED;
	if (e == ERR_OK)
		e = transact(q, a);
	if (a->again)
		queue_sqlite_shut(q);
	return a->again ? ERR_OK : e;
}

static enum err
attempt(struct queue_sqlite *q, struct attempt *a)
{
	enum err e = queue_sqlite_lock(q);

	a->again = e == ERR_MOVED;
	if (a->again)
		queue_sqlite_shut(q);
	if (e != ERR_OK)
		return a->again ? ERR_OK : e;
	e = transact_locked(q, a);
	if (e == ERR_OK && !a->again && queue_sqlite_must_checkpoint(q))
		a->checkpointed = queue_sqlite_checkpoint(q);
	queue_sqlite_unlock(q);
	return e;
}

enum err
queue_sqlite_transact(
    struct queue *base, queue_body_fn *body, void *arg, struct problem *p)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct attempt a = { .body = body, .arg = arg, .again = true };
	enum err e = ERR_OK;

	if (q->mode != QUEUE_WRITE)
		return problem_set(p, ERR_READONLY, "opened for reading only");
	for (int i = 0; a.again && i < QUEUE_SQLITE_TRIES; i++) {
		if ((e = queue_sqlite_ready(q)) != ERR_OK)
			break;
		e = attempt(q, &a);
	}
	if (e == ERR_OK && a.again)
		e = problem_set(&q->problem, ERR_MOVED,
		    "%s is moved again and again: end what does it", q->path);
	if (e == ERR_OK) {
		report_checkpoint(q, a.checkpointed);
		queue_sqlite_start_checkpoint(q);
	}
	if (q->base.settings.small)
		queue_sqlite_shrink(q);
	queue_sqlite_done(q, e);
	if (e != ERR_OK)
		problem_set(p, e, "%s", q->problem.text);
	return e;
}
