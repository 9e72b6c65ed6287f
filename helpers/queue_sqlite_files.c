/* SPDX-License-Identifier: MIT */
/* queue_sqlite_files.c - notices what was done to the files of an open database. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue_sqlite.h"
#include "sidecar_path.h"

#define FILE_MAX (SIDECAR_PATH_MAX + 8)

static const char *const suffixes[QUEUE_SQLITE_FILES] = { "", "-wal", "-shm" };

enum { DB, WAL, SHM };

static void
path_of(char out[FILE_MAX], const char *path, const char *suffix)
{
	snprintf(out, FILE_MAX, "%.*s%s", SIDECAR_PATH_MAX, path, suffix);
}

static void
find_files(const char *path, struct queue_sqlite_file files[QUEUE_SQLITE_FILES])
{
	for (int i = 0; i < QUEUE_SQLITE_FILES; i++) {
		char file[FILE_MAX];
		struct stat st;

		path_of(file, path, suffixes[i]);
		files[i] = (struct queue_sqlite_file){ 0 };
		if (stat(file, &st) == 0)
			files[i] = (struct queue_sqlite_file){ st.st_dev,
				st.st_ino, st.st_size };
	}
}

/* The open connection keeps both numbers from being given to other files. */
static bool
is_same(const struct queue_sqlite_file *a, const struct queue_sqlite_file *b)
{
	return a->ino == b->ino && a->dev == b->dev;
}

void
queue_sqlite_note_files(struct queue_sqlite *q)
{
	find_files(sqlite3_db_filename(q->db, "main"), q->files);
}

static bool
has_moved(struct queue_sqlite *q)
{
	int moved = 0;

	return sqlite3_file_control(q->db, "main", SQLITE_FCNTL_HAS_MOVED,
		   &moved) != SQLITE_OK ||
	       moved != 0;
}

static void
remove_log(const char *path)
{
	for (int i = WAL; i < QUEUE_SQLITE_FILES; i++) {
		char file[FILE_MAX];

		path_of(file, path, suffixes[i]);
		unlink(file);
	}
}

/* Under the lock: another database lies beside our log, which SQLite would
 * read as a part of it. */
static void
remove_remains(struct queue_sqlite *q, const char *path)
{
	struct queue_sqlite_file now[QUEUE_SQLITE_FILES];

	find_files(path, now);
	if (now[DB].size == 0 || !is_same(&now[WAL], &q->files[WAL]))
		return;
	remove_log(path);
	fault_set(&q->repaired, ERR_MOVED,
	    "%s-wal of an earlier database lay beside another one: removed",
	    path);
}

/* False: not now, since somebody holds the lock. */
static bool
clear_for_another(struct queue_sqlite *q, const char *path,
    const struct queue_sqlite_file *now)
{
	if (now[DB].size == 0 || !is_same(&now[WAL], &q->files[WAL]))
		return true;
	if (q->locked) {
		remove_remains(q, path);
		return true;
	}
	if (q->side == NULL || queue_sqlite_lock(q) != ERR_OK)
		return false;
	remove_remains(q, path);
	queue_sqlite_unlock(q);
	return true;
}

static enum err
copy_to(struct queue_sqlite *q, const char *path, const char *copy)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_VACUUM_INTO);
	struct stat st_db;
	enum err e;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	if (sqlite3_bind_text(st, 1, copy, -1, SQLITE_STATIC) != SQLITE_OK)
		return queue_sqlite_failed(q, SQLITE_NOMEM);
	unlink(copy);
	if ((e = queue_sqlite_finish(q, st)) != ERR_OK)
		return e;
	/* As the one it replaces; whoever may not give it away need not. */
	if (stat(path, &st_db) == -1 || chmod(copy, 0660) == -1 ||
	    (chown(copy, st_db.st_uid, st_db.st_gid) == -1 &&
		chown(copy, (uid_t)-1, st_db.st_gid) == -1))
		return fault_set(
		    &q->fault, ERR_READONLY, "%s: no rights", copy);
	return ERR_OK;
}

/*
 * Under the lock.  Our connection still reads the log that is gone; one that
 * is opened now would not, and all in one process share what is left of -shm.
 * So the whole database gets a new file: everybody notices that.
 */
static void
write_anew(struct queue_sqlite *q, const char *missing)
{
	char path[FILE_MAX], copy[FILE_MAX];

	path_of(path, sidecar_db_path(q->side), "");
	path_of(copy, sidecar_db_path(q->side), "-new");
	if (copy_to(q, path, copy) == ERR_OK) {
		remove_log(path);
		if (rename(copy, path) == 0) {
			fault_set(&q->repaired, ERR_MOVED,
			    "%s%s was removed or replaced: %s is written anew",
			    path, missing, path);
			return;
		}
	}
	unlink(copy);
	fault_set(&q->repaired, ERR_MOVED,
	    "%s%s was removed or replaced, and %s cannot be written anew: end "
	    "all hubs, then remove its -shm",
	    path, missing, path);
}

bool
queue_sqlite_moved(struct queue_sqlite *q)
{
	const char *path = sqlite3_db_filename(q->db, "main");
	struct queue_sqlite_file now[QUEUE_SQLITE_FILES];

	find_files(path, now);
	if (has_moved(q))
		return clear_for_another(q, path, now);
	if (now[DB].size == 0)
		return true;
	if (!q->locked)
		return false;
	for (int i = WAL; i < QUEUE_SQLITE_FILES; i++)
		if (!is_same(&now[i], &q->files[i])) {
			write_anew(q, suffixes[i]);
			return true;
		}
	return false;
}
