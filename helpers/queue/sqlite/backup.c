/* SPDX-License-Identifier: MIT */
/* backup.c - copies a database that is in use, whole and as of one moment. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/sqlite/identity.h"
#include "queue/sqlite/sidecar_path.h"
#include "queue/sqlite/sqlite.h"

#define FILE_MAX (QUEUE_SQLITE_PATH_MAX + 8)

/* The copy that is being made; it gets its name when it is complete.  The
 * folder and the file are descriptors, so that no other user can replace them
 * meanwhile. */
struct copy {
	const char *path; /* the folder of the copy */
	const char *name; /* its last component */
	int dir, fd;
	char part[QUEUE_SQLITE_NAME_SIZE]; /* its present path; "": none */
	struct problem *problem;
};

static enum err
refuse(const struct copy *c, int code)
{
	const enum err e = code == ENOSPC || code == EDQUOT ? ERR_FULL
			   : code == EACCES || code == EPERM || code == EROFS
			       ? ERR_READONLY
			       : ERR_IO;

	if (code == EEXIST)
		return problem_set(c->problem, ERR_DENIED,
		    "%.200s is there already: name another file, or remove it.",
		    c->path);
	if (code == ESTALE)
		return problem_set(c->problem, ERR_IO,
		    "%.200s: another process replaces files in its folder: "
		    "name a file in another one.",
		    c->path);
	if (code == EINVAL || code == ENOSYS)
		return problem_set(c->problem, ERR_IO,
		    "%.150s: its file system has no hard links, and cannot "
		    "rename without replacing (%s): name a file on another "
		    "one.",
		    c->path, strerror(code));
	return problem_set(c->problem, e,
	    "%.150s cannot be written (%s): name a file in a folder with room "
	    "and the right to write.",
	    c->path, strerror(code));
}

static int
open_folder(struct copy *c)
{
	const char *slash = strrchr(c->path, '/');
	char dir[FILE_MAX];

	c->name = slash != NULL ? slash + 1 : c->path;
	snprintf(dir, sizeof(dir), "%.*s",
	    slash != NULL ? (int)(slash + 1 - c->path) : 1,
	    slash != NULL ? c->path : ".");
	c->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return c->dir >= 0 ? 0 : errno;
}

/* For this user alone, whatever the umask is. */
static enum err
reserve(struct copy *c)
{
	struct stat st;
	int code;

	if (strlen(c->path) >= QUEUE_SQLITE_PATH_MAX)
		return refuse(c, ENAMETOOLONG);
	if ((code = open_folder(c)) != 0)
		return refuse(c, code);
	if (fstatat(c->dir, c->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return refuse(c, EEXIST);
	c->fd = queue_sqlite_new_file(c->dir, c->name, ".", 0600, c->part);
	if (c->fd < 0) {
		c->part[0] = '\0';
		return refuse(c, errno);
	}
	return ERR_OK;
}

/* SQLite treats an empty file like a missing one, and keeps its mode.  One
 * statement is one snapshot: updates that are published meanwhile do not wait
 * and are not in it. */
static enum err
fill(struct queue_sqlite *q, const struct copy *c,
    const struct queue_sqlite_loan *loan)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_VACUUM_INTO);
	int rc = SQLITE_NOMEM, code;

	if (st != NULL &&
	    sqlite3_bind_text(st, 1, loan->uri, -1, SQLITE_STATIC) == SQLITE_OK)
		rc = sqlite3_step(st);
	code = sqlite3_system_errno(q->db);
	if (rc != SQLITE_DONE && rc != SQLITE_NOMEM)
		problem_set(c->problem, ERR_IO,
		    "%.120s cannot be copied (%.60s%s%.40s): make room where "
		    "the copy goes; pushcgi.fcgi --check looks at the queue.",
		    q->path, sqlite3_errmsg(q->db), code != 0 ? ", " : "",
		    code != 0 ? strerror(code) : "");
	sqlite3_reset(st);
	if (rc == SQLITE_DONE)
		return ERR_OK;
	return rc == SQLITE_NOMEM           ? ERR_NOMEM
	       : (rc & 0xff) == SQLITE_FULL ? ERR_FULL
					    : ERR_IO;
}

/* With the old epoch, a position given out after the copy was made would be
 * taken for a position in the copy, and its reader would miss updates. */
static enum err
give_new_epoch(struct queue_sqlite *q, const struct copy *c,
    const struct queue_sqlite_loan *loan)
{
	struct queue_sqlite *copy =
	    queue_sqlite_new(q->base.backend, &q->base.settings, QUEUE_WRITE);
	enum err e = ERR_NOMEM;

	if (copy == NULL)
		return e;
	if ((copy->path = mem_text(slice_of(c->path))) != NULL &&
	    (e = queue_sqlite_new_epoch(copy, loan)) != ERR_OK &&
	    e != ERR_NOMEM)
		problem_set(c->problem, e, "%s", copy->problem.text);
	queue_sqlite_free(copy);
	return e;
}

static enum err
fill_copy(struct queue_sqlite *q, const struct copy *c)
{
	struct queue_sqlite_loan loan;
	enum err e = queue_sqlite_lend(&loan, c->fd, -1);

	if (e != ERR_OK)
		return e;
	if ((e = fill(q, c, &loan)) == ERR_OK)
		e = give_new_epoch(q, c, &loan);
	queue_sqlite_lend_end(&loan);
	return e;
}

/* Not rename(): it would replace a file that another process created meanwhile.
 * Most file systems support link(); those without hard links mostly support a
 * rename that does not replace. */
static int
move(const struct copy *c)
{
	if (!queue_sqlite_is_file(c->dir, c->part, c->fd))
		return ESTALE;
	if (linkat(c->dir, c->part, c->dir, c->name, 0) == 0)
		return 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return errno;
	return renameat2(c->dir, c->part, c->dir, c->name, RENAME_NOREPLACE) ==
		       0
		   ? 0
		   : errno;
}

static enum err
put_in_place(const struct copy *c)
{
	int code;

	if (fsync(c->fd) == -1)
		return refuse(c, errno);
	if ((code = move(c)) != 0)
		return refuse(c, code);
	if (!queue_sqlite_is_file(c->dir, c->name, c->fd))
		return refuse(c, ESTALE);
	return fsync(c->dir) == 0 ? ERR_OK : refuse(c, errno);
}

static enum err
open_there(
    struct queue **out, const struct queue_settings *s, struct problem *p)
{
	char *path = NULL;
	enum err e = queue_sqlite_path(&path, s->url, p);

	/* Opening would create a queue, whose copy is useless. */
	if (e == ERR_OK && access(path, F_OK) == -1 && errno != ENOENT)
		e = sidecar_denied(path, errno, p);
	else if (e == ERR_OK && access(path, F_OK) == -1)
		e = problem_set(p, ERR_IO,
		    "There is no queue to copy at %.150s (%s): is "
		    "MERCURE_TRANSPORT_URL right?",
		    path, strerror(errno));
	mem_free(path);
	return e == ERR_OK ? queue_open(out, s, QUEUE_READ, p) : e;
}

/* SQLite opens all files by name during the first check; after that, root is
 * root again and may write the copy in any folder. */
static enum err
open_as_owner(
    struct queue **out, const struct queue_settings *s, struct problem *p)
{
	struct identity was;
	struct queue_start end;
	char *path = NULL;
	enum err e = queue_sqlite_path(&path, s->url, p), back;

	queue_sqlite_never_wait();
	if (e == ERR_OK)
		e = identity_borrow(&was, path, p);
	mem_free(path);
	if (e != ERR_OK)
		return e;
	if ((e = open_there(out, s, p)) == ERR_OK &&
	    (e = queue_end(*out, &end)) != ERR_OK)
		problem_set(
		    p, e, "%s", ((struct queue_sqlite *)*out)->problem.text);
	back = identity_return(&was, e == ERR_OK ? p : NULL);
	if (e == ERR_OK)
		e = back;
	if (e != ERR_OK) {
		queue_close(*out);
		*out = NULL;
	}
	return e;
}

static void
copy_end(struct copy *c)
{
	if (c->part[0] != '\0')
		(void)unlinkat(c->dir, c->part, 0);
	if (c->fd >= 0)
		close(c->fd);
	if (c->dir >= 0)
		close(c->dir);
}

enum err
queue_sqlite_backup(
    const struct queue_settings *s, const char *path, struct problem *p)
{
	struct copy c = { .path = path, .dir = -1, .fd = -1, .problem = p };
	struct queue *q = NULL;
	enum err e;

	if ((e = open_as_owner(&q, s, p)) != ERR_OK)
		return e;
	if ((e = reserve(&c)) == ERR_OK &&
	    (e = fill_copy((struct queue_sqlite *)q, &c)) == ERR_OK)
		e = put_in_place(&c);
	copy_end(&c);
	queue_close(q);
	return e == ERR_NOMEM ? problem_set(p, e, "Out of memory.") : e;
}
