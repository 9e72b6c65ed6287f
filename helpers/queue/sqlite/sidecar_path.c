/* SPDX-License-Identifier: MIT */
/* sidecar_path.c - the real path of a database, and who may write there. */
#include "queue/sqlite/sidecar_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/rights.h"

#define SIDECAR_LINKS_MAX 40

enum err
sidecar_errno(int code)
{
	switch (code) {
	case ENOMEM:
		return ERR_NOMEM;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ERR_FULL;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_READONLY;
	default:
		return ERR_IO;
	}
}

/* SQLite opens such a database read-only, and its errno is lost. */
static bool
is_mounted_read_only(const char *path, int dir)
{
	char folder[SIDECAR_PATH_MAX];
	struct statvfs v;

	snprintf(folder, sizeof(folder), "%.*s", dir > 0 ? dir : 1,
	    dir > 0          ? path
	    : path[0] == '/' ? "/"
			     : ".");
	return statvfs(folder, &v) == 0 && (v.f_flag & ST_RDONLY) != 0;
}

/* A user who may make the folder needs no other owner for it. */
static enum err
no_directory(const char *path, int dir, enum err e, struct problem *p)
{
	char parent[SIDECAR_PATH_MAX];
	struct rights_who who;

	snprintf(parent, sizeof(parent), "%.*s", dir, path);
	if (strrchr(parent, '/') != NULL)
		strrchr(parent, '/')[1] = '\0';
	if (geteuid() != 0 && access(parent, W_OK) == 0)
		return problem_set(p, e,
		    "the directory of %s does not exist: install -d -m 2770 "
		    "%.*s",
		    path, dir, path);
	rights_of_process(&who);
	return problem_set(p, e,
	    "the directory of %s does not exist: install -d -m 2770 -o %s -g "
	    "%s %.*s",
	    path, rights_owner_for(who.shared), who.shared, dir, path);
}

/* The folder, or the one of the files in it that may not be written. */
static bool
explain(const char *path, int dir, struct problem *p)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-hub" };
	char name[SIDECAR_PATH_MAX];

	snprintf(name, sizeof(name), "%.*s", dir > 0 ? dir : 1,
	    dir > 0          ? path
	    : path[0] == '/' ? "/"
			     : ".");
	if (rights_explain(p, name, W_OK | X_OK))
		return true;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		const int n =
		    snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);

		if (n > 0 && n < (int)sizeof(name) &&
		    rights_explain(p, name, R_OK | W_OK))
			return true;
	}
	return false;
}

enum err
sidecar_denied(const char *path, int code, struct problem *p)
{
	const char *slash = strrchr(path, '/');
	const int dir = slash != NULL ? (int)(slash - path) : 0;
	const enum err e = sidecar_errno(code);
	struct rights_who who;

	rights_of_process(&who);
	if (code == ENOENT || code == ENOTDIR)
		return no_directory(path, dir, e, p);
	if (e == ERR_READONLY && is_mounted_read_only(path, dir))
		return problem_set(p, e,
		    "%s lies on a file system that is mounted read-only: read "
		    "in the system's log why, then mount it for writing",
		    path);
	if (e == ERR_READONLY && explain(path, dir, p))
		return e;
	if (e == ERR_READONLY)
		return problem_set(p, e,
		    "user %s may not write %s (%s): look for the attributes "
		    "of the file (lsattr) and the rules of the service that "
		    "this program runs in",
		    who.user, path, strerror(code));
	return problem_set(p, e, "cannot write %s: %s%s", path, strerror(code),
	    e == ERR_FULL ? ": free space on the disk" : "");
}

/*
 * The directory's real path and the last component unchanged: for a database
 * that does not exist yet.  ERR_IO: errno says why.
 */
static enum err
resolve_parent(struct buf *out, const char *path)
{
	char dir[SIDECAR_PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t len = slash != NULL ? (size_t)(slash - path) : 0;

	if (len >= sizeof(dir))
		return ERR_LIMIT;
	memcpy(dir, path, len);
	dir[len] = '\0';
	if (len == 0)
		memcpy(dir, slash != NULL ? "/" : ".", 2);
	if (realpath(dir, real) == NULL)
		return ERR_IO;
	buf_clear(out);
	buf_text(out, strcmp(real, "/") == 0 ? "" : real);
	buf_byte(out, '/');
	buf_text(out, name);
	buf_byte(out, '\0');
	return out->err;
}

/* Put the directory of `base` in front of a relative link's target. */
static enum err
make_absolute(char *target, size_t size, const char *base)
{
	const size_t dir = (size_t)(strrchr(base, '/') + 1 - base);
	const size_t len = strlen(target);

	if (target[0] == '/')
		return ERR_OK;
	if (dir + len >= size)
		return ERR_LIMIT;
	memmove(target + dir, target, len + 1);
	memcpy(target, base, dir);
	return ERR_OK;
}

/*
 * Read the target of a symbolic link that may be followed: one that belongs to
 * root or to this user.  Any other link, in a folder that many users may write,
 * leads where another user wants.  Owner and target are read from one
 * descriptor.  -1: errno; EINVAL: it is not a link.
 */
static ssize_t
read_link(const char *path, char *target, size_t size)
{
	const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = -1;
	struct stat st;
	int code;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		errno = EINVAL;
		if (S_ISLNK(st.st_mode) && st.st_uid != 0 &&
		    st.st_uid != geteuid())
			errno = EXDEV;
		else if (S_ISLNK(st.st_mode))
			n = readlinkat(fd, "", target, size - 1);
	}
	code = errno;
	close(fd);
	errno = code;
	return n;
}

static enum err
foreign_link(const char *path, struct problem *p)
{
	return problem_set(p, ERR_UNSUPPORTED,
	    "%s is a symbolic link of somebody else: remove it, or name the "
	    "file itself in MERCURE_TRANSPORT_URL",
	    path);
}

enum err
sidecar_resolve(char **out, const char *path, struct problem *p)
{
	char target[SIDECAR_PATH_MAX], *text;
	struct buf b;
	enum err e;

	buf_init(&b, SIDECAR_PATH_MAX);
	for (int links = 0;; links++) {
		ssize_t n;

		errno = ELOOP;
		e = links < SIDECAR_LINKS_MAX ? resolve_parent(&b, path)
					      : ERR_IO;
		if (e != ERR_OK)
			break;
		n = read_link(b.base, target, sizeof(target));
		if (n < 0 && errno == EXDEV)
			e = foreign_link(b.base, p);
		if (n < 0)
			break;
		target[n] = '\0';
		if ((e = make_absolute(target, sizeof(target), b.base)) !=
		    ERR_OK)
			break;
		path = target;
	}
	if (e == ERR_IO)
		e = sidecar_denied(path, errno, p);
	else if (e == ERR_UNSUPPORTED)
		;
	else if (e == ERR_OK && (text = mem_text(slice_of(b.base))) != NULL)
		*out = text;
	else
		e = problem_set(p, e != ERR_OK ? e : ERR_NOMEM, "%s: %s", path,
		    err_text(e != ERR_OK ? e : ERR_NOMEM));
	buf_free(&b);
	return e;
}
