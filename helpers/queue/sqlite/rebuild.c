/* SPDX-License-Identifier: MIT */
/* rebuild.c - makes a new database from the remains of a damaged one. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "queue/sqlite/sidecar_path.h"
#include "queue/sqlite/sqlite.h"

#define CHUNK 65536

int
queue_sqlite_new_file(int dir, const char *base, const char *infix, mode_t mode,
    char out[QUEUE_SQLITE_NAME_SIZE])
{
	int fd;

	do {
		snprintf(out, QUEUE_SQLITE_NAME_SIZE, "%.200s%s%016llx", base,
		    infix, (unsigned long long)random_uint64());
		fd = openat(dir, out,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	} while (fd < 0 && errno == EEXIST);
	return fd;
}

bool
queue_sqlite_is_file(int dir, const char *name, int fd)
{
	struct stat a, b;

	return fstatat(dir, name, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &b) == 0 && S_ISREG(a.st_mode) &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* The new database that is being made. */
struct rebuild {
	struct queue_sqlite *q;
	int dir;
	const char *db; /* its name there */
	char name[QUEUE_SQLITE_NAME_SIZE];
	int fd;
	int log;   /* a copy of the log, without a name */
	bool lost; /* the log has lost updates */
};

static enum err
err_of_sqlite(int rc)
{
	return rc == SQLITE_OK               ? ERR_OK
	       : (rc & 0xff) == SQLITE_NOMEM ? ERR_NOMEM
	       : (rc & 0xff) == SQLITE_FULL  ? ERR_FULL
					     : ERR_IO;
}

/* Give it the owner and mode of the file it replaces, as far as this is
 * allowed. */
static enum err
give_rights(const struct rebuild *r)
{
	const struct queue_sqlite_file *was = &r->q->files[0];
	struct stat st;

	if (fstatat(r->dir, r->db, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_ino != was->ino || st.st_dev != was->dev)
		return ERR_MOVED;
	if (fchmod(r->fd, 0660) == -1 ||
	    (fchown(r->fd, st.st_uid, st.st_gid) == -1 &&
		fchown(r->fd, (uid_t)-1, st.st_gid) == -1))
		return ERR_READONLY;
	return ERR_OK;
}

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno != EINTR)
			return false;
		p += done > 0 ? done : 0;
		n -= done > 0 ? (size_t)done : 0;
	}
	return true;
}

static sqlite3_file *
file_of(const struct queue_sqlite *q, int which)
{
	sqlite3_file *f = NULL;

	if (sqlite3_file_control(q->db, "main", which, (void *)&f) !=
		SQLITE_OK ||
	    f == NULL || f->pMethods == NULL)
		return NULL;
	return f;
}

/* By the descriptor that SQLite has: another one, closed, would drop its
 * locks.  No commit and no checkpoint happens meanwhile. */
static enum err
copy_bytes(int to, sqlite3_file *from, int64_t (*bytes_of)(sqlite3_file *from))
{
	const int64_t size = from != NULL ? bytes_of(from) : -1;
	char *chunk = mem_calloc(1, CHUNK);
	enum err e = chunk == NULL ? ERR_NOMEM : size < 0 ? ERR_IO : ERR_OK;

	if (e == ERR_OK &&
	    (ftruncate(to, 0) == -1 || lseek(to, 0, SEEK_SET) == -1))
		e = sidecar_errno(errno);
	for (sqlite3_int64 at = 0; e == ERR_OK && at < size; at += CHUNK) {
		const int n = size - at < CHUNK ? (int)(size - at) : CHUNK;

		if (from->pMethods->xRead(from, chunk, n, at) != SQLITE_OK)
			e = ERR_IO;
		else if (!write_all(to, chunk, (size_t)n))
			e = sidecar_errno(errno);
	}
	mem_free(chunk);
	return e;
}

static int
first_is_ok(void *arg, int n, char **values, char **names)
{
	bool *good = arg;

	(void)names;
	*good = n == 1 && values[0] != NULL && strcmp(values[0], "ok") == 0;
	return 0;
}

static int
first_is_zero(void *arg, int n, char **values, char **names)
{
	bool *empty = arg;

	(void)names;
	*empty = n == 1 && values[0] != NULL && strcmp(values[0], "0") == 0;
	return 0;
}

/* If even the tables were in the log only, the first who opens it makes them,
 * as in any new database. */
static int
leave_gap(sqlite3 *db)
{
	bool empty = false;
	int rc = sqlite3_exec(
	    db, sql_text[SQL_COUNT_TABLES], first_is_zero, &empty, NULL);

	if (rc != SQLITE_OK || empty)
		return rc;
	return sqlite3_exec(db, sql_text[SQL_LEAVE_GAP], NULL, NULL, NULL);
}

/* Apply the log's commits to the copy.  If updates were lost, leave a gap, so
 * that no position is given twice, and delete the sessions, since a revoked one
 * must not come back.  SQLite writes that into the log as well, whatever the
 * journal mode is, as long as there is a log: so the checkpoint is the last
 * thing that happens. */
static enum err
apply(const struct rebuild *r, sqlite3 *db)
{
	bool good = !r->lost;
	int rc;

	rc = sqlite3_exec(db, sql_text[SQL_SET_EXCLUSIVE], NULL, NULL, NULL);
	if (rc == SQLITE_OK && r->lost)
		rc = leave_gap(db);
	if (rc == SQLITE_OK && r->lost)
		rc = sqlite3_exec(db, sql_text[SQL_INTEGRITY_CHECK],
		    first_is_ok, &good, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_wal_checkpoint_v2(
		    db, "main", SQLITE_CHECKPOINT_FULL, NULL, NULL);
	return rc != SQLITE_OK ? err_of_sqlite(rc) : good ? ERR_OK : ERR_IO;
}

static enum err
fill(const struct rebuild *r, bool with_log)
{
	struct queue_sqlite copy = { .base.settings = r->q->base.settings };
	struct queue_sqlite_loan loan;
	enum err e;
	int rc;

	e = copy_bytes(r->fd, file_of(r->q, SQLITE_FCNTL_FILE_POINTER),
	    queue_sqlite_db_bytes);
	if (e == ERR_OK && with_log)
		e = copy_bytes(r->log,
		    file_of(r->q, SQLITE_FCNTL_JOURNAL_POINTER),
		    queue_sqlite_log_bytes);
	else if (e == ERR_OK && ftruncate(r->log, 0) == -1)
		e = sidecar_errno(errno);
	if (e != ERR_OK ||
	    (e = queue_sqlite_lend(&loan, r->fd, r->log)) != ERR_OK)
		return e;
	rc = sqlite3_open_v2("/copy", &copy.db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, loan.name);
	if (rc == SQLITE_OK)
		rc = queue_sqlite_tame(&copy);
	e = rc == SQLITE_OK ? apply(r, copy.db) : err_of_sqlite(rc);
	sqlite3_close(copy.db);
	queue_sqlite_lend_end(&loan);
	return e;
}

/*
 * A log that has lost frames may be older than the database, which then has
 * what was once behind them: one or the other is whole.
 */
static enum err
fill_with_what_is_left(const struct rebuild *r)
{
	enum err e = fill(r, true);

	return e == ERR_IO && r->lost ? fill(r, false) : e;
}

static enum err
make_log(struct rebuild *r)
{
	char name[QUEUE_SQLITE_NAME_SIZE];

	r->log = queue_sqlite_new_file(r->dir, r->db, "-new-", 0600, name);
	if (r->log < 0)
		return sidecar_errno(errno);
	return unlinkat(r->dir, name, 0) == 0 ? ERR_OK : sidecar_errno(errno);
}

void
queue_sqlite_remove_log(int dir, const char *db)
{
	static const char *const suffixes[] = { "-wal", "-shm" };
	char name[NAME_MAX + 1];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		const int n =
		    snprintf(name, sizeof(name), "%s%s", db, suffixes[i]);

		if (n > 0 && n < (int)sizeof(name))
			unlinkat(dir, name, 0);
	}
}

/* Nothing of SQLite's own is asked for a sign that the old log is in the old
 * database: its index may be what is damaged. */
static enum err
put_in_place(const struct rebuild *r)
{
	if (!queue_sqlite_is_file(r->dir, r->name, r->fd))
		return ERR_IO;
	queue_sqlite_remove_log(r->dir, r->db);
	return renameat(r->dir, r->name, r->dir, r->db) == 0
		   ? ERR_OK
		   : sidecar_errno(errno);
}

enum err
queue_sqlite_rebuild(struct queue_sqlite *q, bool lost)
{
	struct rebuild r = { .q = q, .log = -1, .lost = lost };
	enum err e;

	r.dir = sidecar_folder(q->side, &r.db);
	r.fd = queue_sqlite_new_file(r.dir, r.db, "-new-", 0660, r.name);
	if (r.fd < 0)
		return sidecar_errno(errno);
	if ((e = make_log(&r)) == ERR_OK && (e = give_rights(&r)) == ERR_OK &&
	    (e = fill_with_what_is_left(&r)) == ERR_OK && fsync(r.fd) == -1)
		e = sidecar_errno(errno);
	if (e == ERR_OK)
		e = put_in_place(&r);
	if (e != ERR_OK)
		unlinkat(r.dir, r.name, 0);
	close(r.fd);
	if (r.log >= 0)
		close(r.log);
	return e;
}
