/* SPDX-License-Identifier: MIT */
/* checkpoint.c - copies the write-ahead log to the main file. */
#include "base/log.h"
#include "queue/sqlite/sqlite.h"

/*
 * A checkpoint waits for the disk twice: for the log, then for the main file.
 * A commit must not happen meanwhile (see DESIGN.md), so publishers would wait
 * as well.  Therefore a thread runs each checkpoint with a separate connection:
 * it syncs the log first, without the lock, so that little is left to sync when
 * it has the lock.  Checkpoints are rare, because each one writes a page once,
 * however often that page is in the log.
 */
#define CHECKPOINT_PAGES 4000 /* 16 MiB: the journal_size_limit */

/* From this size on a publisher does it: the thread is too slow, or could not
 * be started. */
#define FORCE_PAGES 16000

/* This is SQLite's handle: an open(2) and close(2) here would drop its
 * locks. */
static void
sync_log(struct queue_sqlite *q)
{
	sqlite3_file *log = NULL;

	if (sqlite3_file_control(q->db, "main", SQLITE_FCNTL_JOURNAL_POINTER,
		(void *)&log) == SQLITE_OK &&
	    log != NULL && log->pMethods != NULL)
		log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
}

enum err
queue_sqlite_checkpoint(struct queue_sqlite *q)
{
	int rc = sqlite3_wal_checkpoint_v2(
	    q->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	return rc == SQLITE_OK || rc == SQLITE_BUSY
		   ? ERR_OK
		   : queue_sqlite_failed(q, rc);
}

static void
checkpoint(struct queue_sqlite *q)
{
	enum err e = ERR_OK;

	sync_log(q);
	/* The process that holds the lock for so long, or that moved the files,
	 * appends: it will make the checkpoint. */
	if (queue_sqlite_lock(q) != ERR_OK)
		return;
	if (queue_sqlite_look(q) == ERR_OK)
		e = queue_sqlite_checkpoint(q);
	queue_sqlite_unlock(q);
	if (e != ERR_OK)
		log_err(
		    "checkpoint failed", LOG_TEXT("reason", q->problem.text));
}

static void *
checkpointer(void *arg)
{
	struct queue_sqlite *parent = arg, *q = NULL;

	if (queue_sqlite_twin(&q, parent) == ERR_OK)
		checkpoint(q);
	queue_sqlite_free(q);
	atomic_store(&parent->checkpointing, false);
	return NULL;
}

bool
queue_sqlite_must_checkpoint(const struct queue_sqlite *q)
{
	return q->wal_pages >= FORCE_PAGES;
}

void
queue_sqlite_start_checkpoint(struct queue_sqlite *q)
{
	if (q->wal_pages - q->checkpoint_pages < CHECKPOINT_PAGES ||
	    atomic_load(&q->checkpointing))
		return;
	queue_sqlite_join_checkpoint(q);
	/* Wait for more pages if a reader keeps the log from starting over. */
	q->checkpoint_pages = q->wal_pages;
	atomic_store(&q->checkpointing, true);
	q->has_checkpointer =
	    pthread_create(&q->checkpointer, NULL, checkpointer, q) == 0;
	if (!q->has_checkpointer)
		atomic_store(&q->checkpointing, false);
}
