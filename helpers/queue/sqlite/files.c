/* SPDX-License-Identifier: MIT */
/* files.c - notices what was done to the files of an open database. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/sqlite/sidecar_path.h"
#include "queue/sqlite/sqlite.h"

#define FILE_MAX (SIDECAR_PATH_MAX + 16)

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
		if (lstat(file, &st) == 0)
			files[i] = (struct queue_sqlite_file){ st.st_dev,
				st.st_ino, st.st_size,
				S_ISREG(st.st_mode) && st.st_nlink == 1 };
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

static enum err
refuse_file(struct queue_sqlite *q, const char *path, const char *suffix)
{
	struct stat st;

	if (suffix[0] == '\0' && lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return problem_set(&q->problem, ERR_IO,
		    "%s is a directory: name a file in it in "
		    "MERCURE_TRANSPORT_URL, such as sqlite://%s/queue.db",
		    path, path);
	return problem_set(&q->problem, ERR_IO,
	    "%s%s is a link or not a regular file: remove it, and see who may "
	    "write in its folder",
	    path, suffix);
}

/* A link, a second name: it leads out of the folder. */
static enum err
check_files(struct queue_sqlite *q, const char *path,
    const struct queue_sqlite_file files[QUEUE_SQLITE_FILES])
{
	for (int i = 0; i < QUEUE_SQLITE_FILES; i++)
		if (files[i].ino != 0 && !files[i].plain)
			return refuse_file(q, path, suffixes[i]);
	return ERR_OK;
}

static int
open_now(const char *path, int flags, int mode)
{
	return open(path, flags | O_NONBLOCK | O_NOCTTY, (mode_t)mode);
}

void
queue_sqlite_never_wait(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	if (vfs != NULL && vfs->iVersion >= 3 && vfs->xSetSystemCall != NULL)
		vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)open_now);
}

/* Ours has none for more than a moment, but SQLite looks for one before its
 * first read, and would wait for the other end of a FIFO. */
static enum err
check_journal(struct queue_sqlite *q, const char *path)
{
	char file[FILE_MAX];
	struct stat st;

	path_of(file, path, "-journal");
	if (lstat(file, &st) == -1 || (S_ISREG(st.st_mode) && st.st_nlink == 1))
		return ERR_OK;
	return refuse_file(q, path, "-journal");
}

enum err
queue_sqlite_check_files(struct queue_sqlite *q)
{
	struct queue_sqlite_file files[QUEUE_SQLITE_FILES];
	const char *path = sidecar_db_path(q->side);
	enum err e;

	find_files(q, path, files);
	if ((e = check_files(q, path, files)) != ERR_OK)
		return e;
	return check_journal(q, path);
}

enum err
queue_sqlite_note_files(struct queue_sqlite *q)
{
	const char *path = sqlite3_db_filename(q->db, "main");
	enum err e;

	memset(q->files, 0, sizeof(q->files));
	find_files(q, path, q->files);
	if ((e = check_files(q, path, q->files)) != ERR_OK)
		return e;
	for (int i = 0; i < QUEUE_SQLITE_FILES; i++)
		if (q->files[i].ino == 0)
			return ERR_MOVED;
	return has_moved(q) ? ERR_MOVED : ERR_OK;
}

/* Without the lock, for those who only read: is there something to repair? */
static bool
looks_damaged(struct queue_sqlite *q, const struct queue_sqlite_file *now)
{
	if (!is_same(&now[WAL], &q->files[WAL]) ||
	    !is_same(&now[SHM], &q->files[SHM]))
		return false;
	if (now[SHM].size < q->files[SHM].size)
		return true;
	switch (queue_sqlite_look_into_log(q)) {
	case QUEUE_SQLITE_INDEX_TORN:
	case QUEUE_SQLITE_LOG_SHORT:
		return true;
	default:
		return false;
	}
}

/* Under the lock: another database lies beside our log, which SQLite would
 * read as a part of it. */
static void
remove_remains(struct queue_sqlite *q, const char *path)
{
	struct queue_sqlite_file now[QUEUE_SQLITE_FILES];
	const char *name;
	const int dir = sidecar_folder(q->side, &name);

	find_files(q, path, now);
	/* Looked at again: the database may be back. */
	if (now[DB].size == 0 || is_same(&now[DB], &q->files[DB]) ||
	    !is_same(&now[WAL], &q->files[WAL]) || !has_moved(q))
		return;
	queue_sqlite_remove_log(dir, name);
	problem_set(&q->repaired, ERR_MOVED,
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

/*
 * Under the lock.  Our connection still has the log that is gone, or what is
 * left of it; one that is opened now would not, and all in one process share
 * what is left of -shm.  So the whole database gets a new file: everybody
 * notices that.  ERR_MOVED: done.  Else nothing has changed, and the next look
 * tries again.
 */
static enum err
make_again(
    struct queue_sqlite *q, const char *suffix, const char *what, bool lost)
{
	const char *path = sidecar_db_path(q->side);
	enum err e = queue_sqlite_rebuild(q, lost);

	q->rewritten = e == ERR_OK && !lost;
	if (e == ERR_OK)
		return problem_set(&q->repaired, ERR_MOVED,
		    "%s%s was %s: %s is written again%s", path, suffix, what,
		    path,
		    lost ? " from what is left, without the sessions; updates "
			   "are lost"
			 : "");
	return problem_set(&q->problem, e == ERR_MOVED ? ERR_IO : e,
	    "%s%s was %s, and the database cannot be written again (%s): make "
	    "room and give rights in its folder, and end no hub before it "
	    "works again",
	    path, suffix, what, err_text(e));
}

/* The old file gets all, too, in case this ends before the new one is there. */
static enum err
make_again_with_log(struct queue_sqlite *q, const char *suffix)
{
	const int rc = sqlite3_wal_checkpoint_v2(
	    q->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		return problem_set(&q->problem,
		    (rc & 0xff) == SQLITE_FULL ? ERR_FULL : ERR_IO,
		    "%s%s was removed or replaced, and the database cannot be "
		    "written again: make room in its folder",
		    sidecar_db_path(q->side), suffix);
	return make_again(q, suffix, "removed or replaced", false);
}

/* Under the lock: the files are those that were opened.  Are they whole? */
static enum err
look_into_log(struct queue_sqlite *q, const struct queue_sqlite_file *now)
{
	if (now[SHM].size < q->files[SHM].size)
		return make_again(q, suffixes[SHM], "truncated",
		    queue_sqlite_log_is_short(q));
	switch (queue_sqlite_look_into_log(q)) {
	case QUEUE_SQLITE_INDEX_TORN:
		return make_again(q, suffixes[SHM], "truncated",
		    queue_sqlite_log_is_short(q));
	case QUEUE_SQLITE_LOG_SHORT:
		return make_again(q, suffixes[WAL], "truncated", true);
	default:
		return ERR_OK;
	}
}

/* Under the lock. */
static enum err
look_at_log(struct queue_sqlite *q, const struct queue_sqlite_file *now)
{
	const bool same_wal = is_same(&now[WAL], &q->files[WAL]);
	const bool same_shm = is_same(&now[SHM], &q->files[SHM]);

	if (same_wal && same_shm)
		return look_into_log(q, now);
	/* Somebody has begun a new log: nothing was left in ours. */
	if (same_shm && now[WAL].size > 0)
		return ERR_MOVED;
	return make_again_with_log(q, suffixes[same_wal ? SHM : WAL]);
}

/* Others may be writing: only under the lock is it certain. */
static enum err
look_with_lock(struct queue_sqlite *q, const char *path)
{
	struct queue_sqlite_file now[QUEUE_SQLITE_FILES];
	enum err e;

	if (q->side == NULL || queue_sqlite_lock(q) != ERR_OK)
		return ERR_OK;
	find_files(q, path, now);
	e = has_moved(q) ? ERR_MOVED : look_at_log(q, now);
	queue_sqlite_unlock(q);
	return e == ERR_MOVED ? e : ERR_OK;
}

enum err
queue_sqlite_look(struct queue_sqlite *q)
{
	const char *path = sqlite3_db_filename(q->db, "main");
	struct queue_sqlite_file now[QUEUE_SQLITE_FILES];

	q->rewritten = false;
	find_files(q, path, now);
	if (has_moved(q))
		return clear_for_another(q, path, now) ? ERR_MOVED : ERR_OK;
	if (now[DB].size == 0)
		return ERR_MOVED;
	if (q->locked)
		return look_at_log(q, now);
	return looks_damaged(q, now) ? look_with_lock(q, path) : ERR_OK;
}
