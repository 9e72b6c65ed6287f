/* SPDX-License-Identifier: MIT */
/* queue_sqlite_files.c - notices what was done to the files of an open database. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
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

/* What cannot be looked at counts as unchanged: only what is not there may be
 * called removed. */
static void
find_files(const struct queue_sqlite *q, const char *path,
    struct queue_sqlite_file files[QUEUE_SQLITE_FILES])
{
	for (int i = 0; i < QUEUE_SQLITE_FILES; i++) {
		char file[FILE_MAX];
		struct stat st;

		path_of(file, path, suffixes[i]);
		files[i] = (struct queue_sqlite_file){ 0 };
		if (stat(file, &st) == 0)
			files[i] = (struct queue_sqlite_file){ st.st_dev,
				st.st_ino, st.st_size };
		else if (errno != ENOENT)
			files[i] = q->files[i];
	}
}

/* The open connection keeps both numbers from being given to other files. */
static bool
is_same(const struct queue_sqlite_file *a, const struct queue_sqlite_file *b)
{
	return a->ino == b->ino && a->dev == b->dev;
}

static bool
has_moved(struct queue_sqlite *q)
{
	int moved = 0;

	return sqlite3_file_control(q->db, "main", SQLITE_FCNTL_HAS_MOVED,
		   &moved) != SQLITE_OK ||
	       moved != 0;
}

bool
queue_sqlite_note_files(struct queue_sqlite *q)
{
	memset(q->files, 0, sizeof(q->files));
	find_files(q, sqlite3_db_filename(q->db, "main"), q->files);
	for (int i = 0; i < QUEUE_SQLITE_FILES; i++)
		if (q->files[i].ino == 0)
			return false;
	return !has_moved(q);
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

	find_files(q, path, now);
	/* Looked at again: the database may be back. */
	if (now[DB].size == 0 || is_same(&now[DB], &q->files[DB]) ||
	    !is_same(&now[WAL], &q->files[WAL]) || !has_moved(q))
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
give_rights(const char *path, const char *copy)
{
	struct stat st;

	/* As the one it replaces; whoever may not give it away need not. */
	if (stat(path, &st) == -1 || chmod(copy, 0660) == -1 ||
	    (chown(copy, st.st_uid, st.st_gid) == -1 &&
		chown(copy, (uid_t)-1, st.st_gid) == -1))
		return ERR_READONLY;
	return ERR_OK;
}

static enum err
sync_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum err e = fd >= 0 && fsync(fd) == 0 ? ERR_OK : ERR_IO;

	if (fd >= 0)
		close(fd);
	return e;
}

/* Not by queue_sqlite_failed(), which would give up the only connection that
 * still has the log. */
static enum err
copy_to(struct queue_sqlite *q, const char *path, const char *copy)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_VACUUM_INTO);
	int rc = SQLITE_NOMEM;
	enum err e;

	unlink(copy);
	if (st != NULL &&
	    sqlite3_bind_text(st, 1, copy, -1, SQLITE_STATIC) == SQLITE_OK)
		rc = sqlite3_step(st);
	sqlite3_reset(st);
	if (rc != SQLITE_DONE)
		return (rc & 0xff) == SQLITE_FULL ? ERR_FULL : ERR_IO;
	if ((e = give_rights(path, copy)) != ERR_OK)
		return e;
	return sync_file(copy);
}

/* The old file gets all, too, in case this ends between the two steps. */
static enum err
put_in_place(struct queue_sqlite *q, const char *path, const char *copy)
{
	int rc = sqlite3_wal_checkpoint_v2(
	    q->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		return (rc & 0xff) == SQLITE_FULL ? ERR_FULL : ERR_IO;
	remove_log(path);
	return rename(copy, path) == 0 ? ERR_OK : ERR_IO;
}

/*
 * Under the lock.  Our connection still reads the log that is gone; one that
 * is opened now would not, and all in one process share what is left of -shm.
 * So the whole database gets a new file: everybody notices that.  ERR_MOVED:
 * done.  Else nothing has changed, and the next look tries again.
 */
static enum err
write_anew(struct queue_sqlite *q, const char *missing)
{
	char path[FILE_MAX], copy[FILE_MAX];
	enum err e;

	path_of(path, sidecar_db_path(q->side), "");
	path_of(copy, sidecar_db_path(q->side), "-new");
	if ((e = copy_to(q, path, copy)) == ERR_OK)
		e = put_in_place(q, path, copy);
	if (e == ERR_OK)
		return fault_set(&q->repaired, ERR_MOVED,
		    "%s%s was removed or replaced: %s is written anew", path,
		    missing, path);
	unlink(copy);
	return fault_set(&q->fault, e,
	    "%s%s was removed or replaced, and the database cannot be written "
	    "anew (%s): make room and give rights in its folder, and end no "
	    "hub before it works again",
	    path, missing, err_text(e));
}

/* Under the lock. */
static enum err
look_at_log(struct queue_sqlite *q, const struct queue_sqlite_file *now)
{
	const bool same_wal = is_same(&now[WAL], &q->files[WAL]);
	const bool same_shm = is_same(&now[SHM], &q->files[SHM]);

	if (same_wal && same_shm)
		return ERR_OK;
	/* Somebody has begun a new log: nothing was left in ours. */
	if (same_shm && now[WAL].size > 0)
		return ERR_MOVED;
	return write_anew(q, suffixes[same_wal ? SHM : WAL]);
}

enum err
queue_sqlite_look(struct queue_sqlite *q)
{
	const char *path = sqlite3_db_filename(q->db, "main");
	struct queue_sqlite_file now[QUEUE_SQLITE_FILES];

	find_files(q, path, now);
	if (has_moved(q))
		return clear_for_another(q, path, now) ? ERR_MOVED : ERR_OK;
	if (now[DB].size == 0)
		return ERR_MOVED;
	return q->locked ? look_at_log(q, now) : ERR_OK;
}
