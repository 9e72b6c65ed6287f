/* SPDX-License-Identifier: MIT */
/* loan.c - makes SQLite work on an open file, so that it opens no name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/container.h"
#include "queue/sqlite/sqlite.h"

/* SQLite's handle of one file; the descriptors belong to the loan. */
struct lent {
	sqlite3_file base;
	struct queue_sqlite_loan *loan;
	enum { DATABASE, LOG, JOURNAL } kind;
};

static struct lent *
lent(sqlite3_file *f)
{
	return CONTAINER(struct lent, base, f);
}

static int
no_work(sqlite3_file *f)
{
	(void)f;
	return SQLITE_OK;
}

static int
no_lock(sqlite3_file *f, int level)
{
	(void)f;
	(void)level;
	return SQLITE_OK;
}

/* -1: a journal, which is always empty: a failed copy is deleted, not rolled
 * back. */
static int
fd_of(sqlite3_file *f)
{
	const struct queue_sqlite_loan *loan = lent(f)->loan;

	return lent(f)->kind == DATABASE ? loan->fd
	       : lent(f)->kind == LOG    ? loan->log
					 : -1;
}

static int
lent_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	char *p = to;
	ssize_t got = fd_of(f) >= 0;

	while (n > 0 && got != 0) {
		got = pread(fd_of(f), p, (size_t)n, at);
		if (got < 0 && errno != EINTR)
			return SQLITE_IOERR_READ;
		if (got > 0) {
			p += got;
			at += got;
			n -= (int)got;
		}
	}
	memset(p, 0, (size_t)n);
	return n == 0 ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int
lent_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	const char *p = from;

	while (n > 0 && fd_of(f) >= 0) {
		ssize_t done = pwrite(fd_of(f), p, (size_t)n, at);

		if (done < 0 && errno != EINTR)
			return errno == ENOSPC || errno == EDQUOT ||
				       errno == EFBIG
				   ? SQLITE_FULL
				   : SQLITE_IOERR_WRITE;
		if (done > 0) {
			p += done;
			at += done;
			n -= (int)done;
		}
	}
	return SQLITE_OK;
}

static int
lent_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return fd_of(f) < 0 || ftruncate(fd_of(f), size) == 0
		   ? SQLITE_OK
		   : SQLITE_IOERR_TRUNCATE;
}

/* The caller syncs the file once, at the end. */
static int
lent_sync(sqlite3_file *f, int flags)
{
	return no_lock(f, flags);
}

static int
lent_size(sqlite3_file *f, sqlite3_int64 *out)
{
	struct stat st = { .st_size = 0 };

	if (fd_of(f) >= 0 && fstat(fd_of(f), &st) == -1)
		return SQLITE_IOERR_FSTAT;
	*out = st.st_size;
	return SQLITE_OK;
}

static int
lent_reserved(sqlite3_file *f, int *out)
{
	*out = 0;
	return no_work(f);
}

static int
lent_control(sqlite3_file *f, int what, void *arg)
{
	(void)f;
	(void)what;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int
lent_sector(sqlite3_file *f)
{
	(void)f;
	return 4096;
}

/* Version 1: without shared memory, so that a log is read in exclusive mode,
 * with an index in memory. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = no_work,
	.xRead = lent_read,
	.xWrite = lent_write,
	.xTruncate = lent_truncate,
	.xSync = lent_sync,
	.xFileSize = lent_size,
	.xLock = no_lock,
	.xUnlock = no_lock,
	.xCheckReservedLock = lent_reserved,
	.xFileControl = lent_control,
	.xSectorSize = lent_sector,
	.xDeviceCharacteristics = no_work,
};

static int
lend_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
    int *out_flags)
{
	struct queue_sqlite_loan *loan = vfs->pAppData;
	const int kinds = flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL |
				      SQLITE_OPEN_MAIN_JOURNAL);

	(void)name;
	f->pMethods = NULL;
	if (kinds == 0)
		return SQLITE_CANTOPEN;
	lent(f)->loan = loan;
	lent(f)->kind = kinds == SQLITE_OPEN_MAIN_DB ? DATABASE
			: kinds == SQLITE_OPEN_WAL   ? LOG
						     : JOURNAL;
	f->pMethods = &methods;
	if (out_flags != NULL)
		*out_flags = flags;
	return SQLITE_OK;
}

static int
lend_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	(void)name;
	(void)sync;
	return SQLITE_OK;
}

/* Beside the database there may be a log, and no other file. */
static int
lend_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	const struct queue_sqlite_loan *loan = vfs->pAppData;
	const size_t len = strlen(name);

	(void)flags;
	*out = loan->log >= 0 && len > 4 && strcmp(name + len - 4, "-wal") == 0;
	return SQLITE_OK;
}

static int
lend_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	(void)vfs;
	snprintf(out, (size_t)size, "%s", name);
	return SQLITE_OK;
}

enum err
queue_sqlite_lend(struct queue_sqlite_loan *loan, int fd, int log)
{
	const sqlite3_vfs *usual = sqlite3_vfs_find(NULL);

	memset(loan, 0, sizeof(*loan));
	if (usual == NULL)
		return ERR_IO;
	loan->fd = fd;
	loan->log = log;
	/* The address is unique while the loan lasts. */
	snprintf(loan->name, sizeof(loan->name), "pushcgi-%p", (void *)loan);
	snprintf(loan->uri, sizeof(loan->uri), "file:/copy?vfs=%s", loan->name);
	/* Time, random bytes and sleep come from the default VFS. */
	loan->vfs = *usual;
	loan->vfs.pNext = NULL;
	loan->vfs.zName = loan->name;
	loan->vfs.pAppData = loan;
	loan->vfs.szOsFile = (int)sizeof(struct lent);
	loan->vfs.xOpen = lend_file;
	loan->vfs.xDelete = lend_delete;
	loan->vfs.xAccess = lend_access;
	loan->vfs.xFullPathname = lend_name;
	return sqlite3_vfs_register(&loan->vfs, 0) == SQLITE_OK ? ERR_OK
								: ERR_NOMEM;
}

void
queue_sqlite_lend_end(struct queue_sqlite_loan *loan)
{
	sqlite3_vfs_unregister(&loan->vfs);
}
