/* SPDX-License-Identifier: MIT */
/* base.c - the lock, the statements, and what their failures mean. */
#include <sys/resource.h>

#include <errno.h>

#include "base/log.h"
#include "queue/sqlite/sidecar_path.h"
#include "queue/sqlite/sqlite.h"

static void
drop_statements(struct queue_sqlite *q)
{
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(q->statements[i]);
		q->statements[i] = NULL;
	}
}

void
queue_sqlite_shrink(struct queue_sqlite *q)
{
	drop_statements(q);
	if (q->db != NULL)
		sqlite3_db_release_memory(q->db);
}

void
queue_sqlite_shut(struct queue_sqlite *q)
{
	drop_statements(q);
	sqlite3_close(q->db);
	q->db = NULL;
	q->key.epoch = 0;
	q->wal_pages = q->checkpoint_pages = 0; /* until the next commit */
}

/* All signals but those that report an error of the program itself. */
static void
block_signals(struct queue_sqlite *q)
{
	static const int errors[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
		SIGTRAP, SIGSYS };
	sigset_t all;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		sigdelset(&all, errors[i]);
	q->in_signals = pthread_sigmask(SIG_BLOCK, &all, &q->signals) == 0;
}

static void
restore_signals(struct queue_sqlite *q)
{
	if (q->in_signals)
		pthread_sigmask(SIG_SETMASK, &q->signals, NULL);
	q->in_signals = false;
}

enum err
queue_sqlite_lock(struct queue_sqlite *q)
{
	pid_t holder = 0;
	enum err e;

	block_signals(q);
	e = sidecar_lock(q->side, q->base.settings.lock_timeout_ms, &holder);
	q->locked = e == ERR_OK;
	if (e == ERR_OK)
		return e;
	restore_signals(q);
	if (e == ERR_BUSY)
		return problem_set(&q->problem, e,
		    "process %ld holds the write lock of %s for too long: "
		    "see what it does, and end it if it was stopped",
		    (long)holder, sidecar_db_path(q->side));
	return problem_set(&q->problem, e, "cannot lock %s-hub: %s",
	    sidecar_db_path(q->side), err_text(e));
}

void
queue_sqlite_unlock(struct queue_sqlite *q)
{
	sidecar_unlock(q->side);
	q->locked = false;
	restore_signals(q);
	if (q->repaired.text[0] != '\0')
		log_err("queue repaired", LOG_TEXT("reason", q->repaired.text));
	q->repaired.text[0] = '\0';
}

sqlite3_stmt *
queue_sqlite_statement(struct queue_sqlite *q, enum sql_statement which)
{
	sqlite3_stmt **st = &q->statements[which];

	if (*st == NULL)
		sqlite3_prepare_v3(q->db, sql_text[which], -1,
		    SQLITE_PREPARE_PERSISTENT, st, NULL);
	else
		sqlite3_clear_bindings(*st);
	return *st;
}

enum err
queue_sqlite_finish(struct queue_sqlite *q, sqlite3_stmt *st)
{
	int rc;

	do
		rc = sqlite3_step(st);
	while (rc == SQLITE_ROW);
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? ERR_OK : queue_sqlite_failed(q, rc);
}

enum err
queue_sqlite_run(struct queue_sqlite *q, enum sql_statement which)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, which);

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	return queue_sqlite_finish(q, st);
}

static enum err
rc_err(int rc, int code)
{
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		return ERR_NOMEM;
	case SQLITE_FULL:
		return ERR_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return rc == SQLITE_READONLY_DBMOVED ? ERR_MOVED : ERR_READONLY;
	case SQLITE_CANTOPEN:
		return code == EACCES || code == EPERM || code == EROFS
			   ? ERR_READONLY
			   : ERR_IO;
	case SQLITE_IOERR:
		if (rc == SQLITE_IOERR_NOMEM)
			return ERR_NOMEM;
		return code == ENOSPC || code == EDQUOT || code == EFBIG
			   ? ERR_FULL
			   : ERR_IO;
	default:
		return ERR_IO;
	}
}

static const char *
fix_for_full(int code)
{
	switch (code) {
	case EFBIG:
		return "raise the limit on the size of files (ulimit -f, "
		       "LimitFSIZE) of this process";
	case EDQUOT:
		return "free space in the quota of its user; nothing has to be "
		       "restarted";
	default:
		return "free space on the disk; nothing has to be restarted";
	}
}

static const char *
fix_for(int rc, enum err e, int code)
{
	switch (e) {
	case ERR_FULL:
		return fix_for_full(code);
	case ERR_BUSY:
		return "another program writes to it: end that";
	case ERR_NOMEM:
		return "give the process more memory";
	case ERR_MOVED:
		return "the next attempt uses the new one";
	default:
		break;
	}
	switch (rc & 0xff) {
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return "end all hubs, then restore it or move it away together "
		       "with its -wal and -shm";
	default:
		return "see the system's log for problems of the disk";
	}
}

/* SQLite does not keep the errno of a failed write.  A write that fails in a
 * process with a limit on the size of files has most probably met that. */
static int
code_of(const struct queue_sqlite *q, int rc)
{
	const int code = q->db != NULL ? sqlite3_system_errno(q->db) : 0;
	struct rlimit limit;

	if (code == 0 && rc == SQLITE_IOERR_WRITE &&
	    getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY)
		return EFBIG;
	return code;
}

enum err
queue_sqlite_failed(struct queue_sqlite *q, int rc)
{
	const int code = code_of(q, rc);
	enum err e = rc_err(rc, code);
	const char *path = q->side != NULL ? sidecar_db_path(q->side) : q->path;
	/* SQLite does not know of some problems. */
	const char *why = q->db != NULL && sqlite3_extended_errcode(q->db) == rc
			      ? sqlite3_errmsg(q->db)
			      : sqlite3_errstr(rc);

	if (e == ERR_READONLY)
		sidecar_denied(path, EACCES, &q->problem);
	else
		problem_set(&q->problem, e, "%s: %s (%d%s%s): %s", path, why,
		    rc, code != 0 ? ", " : "", code != 0 ? strerror(code) : "",
		    fix_for(rc, e, code));
	if (e != ERR_FULL && e != ERR_BUSY && e != ERR_NOMEM)
		queue_sqlite_shut(q);
	return e;
}

enum err
queue_sqlite_done(struct queue_sqlite *q, enum err e)
{
	if (e == q->logged)
		return e;
	if (e != ERR_OK)
		log_err("queue failed", LOG_TEXT("reason", q->problem.text));
	else
		log_info("queue works again", LOG_TEXT("path", q->path));
	q->logged = e;
	return e;
}
