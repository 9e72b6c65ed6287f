/* SPDX-License-Identifier: MIT */
/* file.c - reads "KEY = value" lines. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rights.h"
#include "config/table.h"

#define LINE_MAX_BYTES 16384
#define WHERE_MAX 256
#define PIPE_WAIT_MS 5000

/* The writer of a pipe, such as a shell's <(...), may need a moment. */
static bool
more_comes(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (errno == EINTR)
		return true;
	return errno == EAGAIN && poll(&p, 1, PIPE_WAIT_MS) > 0;
}

static enum err
read_all(struct buf *out, int fd)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && more_comes(fd))
			continue;
		if (n < 0)
			return ERR_IO;
		buf_add(out, chunk, (size_t)n);
		if (out->err != ERR_OK)
			break;
	}
	explicit_bzero(chunk, sizeof(chunk));
	return out->err;
}

static enum err
read_line(struct config *c, struct slice line, uint64_t *seen,
    const char *where, struct problem *p)
{
	struct slice name;

	if (line.len > LINE_MAX_BYTES)
		return problem_set(p, ERR_LIMIT,
		    "%.180s: the line is longer than %d bytes.", where,
		    LINE_MAX_BYTES);
	if (line.len > 0 && line.base[line.len - 1] == '\r')
		line.len--;
	line = slice_trim(line);
	if (line.len == 0 || line.base[0] == '#' || line.base[0] == ';')
		return ERR_OK;
	if (line.base[0] == '[')
		return problem_set(p, ERR_SYNTAX,
		    "%.180s: sections come with protocol 1.0.", where);
	slice_cut(&line, '=', &name);
	if (line.base == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "%.180s: the line is not KEY = value.", where);
	return config_option_set_named(
	    c, slice_trim(name), line, seen, where, p);
}

static enum err
read_lines(struct config *c, struct slice text, const char *path,
    uint64_t *seen, struct problem *p)
{
	unsigned number = 0;
	struct slice line;
	enum err e;

	if (slice_starts(
		text, "\xef\xbb\xbf")) /* some editors' byte order mark */
		text = slice_after(text, 3);
	while (slice_cut(&text, '\n', &line)) {
		char where[WHERE_MAX];

		snprintf(where, sizeof(where), "%.150s:%u", path, ++number);
		if ((e = read_line(c, line, seen, where, p)) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* In a folder that other users may write, they decide where a link leads, so
 * only links of root and of this user are followed.  The check follows the
 * opening: a link that others create later cannot belong to this user, and a
 * path that is not a link has the inode of the open file. */
static bool
is_where_named(const char *path, const struct stat *opened)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return false;
	return S_ISLNK(st.st_mode)
		   ? st.st_uid == 0 || st.st_uid == geteuid()
		   : st.st_ino == opened->st_ino && st.st_dev == opened->st_dev;
}

enum err
config_read_text(
    struct buf *out, mode_t *mode, const char *path, struct problem *p)
{
	/* Do not wait for the other end of a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	enum err e;

	if (fd < 0 && errno == EACCES && rights_explain(p, path, R_OK))
		return ERR_IO;
	if (fd < 0)
		return problem_set(p, errno == ENOENT ? ERR_NOTFOUND : ERR_IO,
		    "%.180s: %s.", path, strerror(errno));
	if (fstat(fd, &st) != 0)
		e = problem_set(
		    p, ERR_IO, "%.180s: %s.", path, strerror(errno));
	else if (!is_where_named(path, &st))
		e = problem_set(p, ERR_IO,
		    "%.180s is a symbolic link of somebody else: name the "
		    "file itself.",
		    path);
	else if (S_ISDIR(st.st_mode))
		e = problem_set(p, ERR_IO,
		    "%.180s is a directory: name a file in it.", path);
	else if ((e = read_all(out, fd)) == ERR_IO)
		e = problem_set(
		    p, ERR_IO, "%.180s: %s.", path, strerror(errno));
	else if (e != ERR_OK)
		problem_set(p, e, "%.180s: %s.", path,
		    e == ERR_LIMIT ? "the file is too long" : err_text(e));
	else
		*mode = st.st_mode;
	close(fd);
	return e;
}

enum err
config_too_open(const char *path, const char *what, struct problem *p)
{
	char fix[PROBLEM_MAX / 2];
	struct rights_who who;
	struct stat st;

	rights_of_process(&who);
	if (stat(path, &st) != 0)
		return problem_set(
		    p, ERR_DENIED, "%.180s: %s.", path, strerror(errno));
	rights_fix(fix, sizeof(fix), path, &st, R_OK, true, &who);
	return problem_set(p, ERR_DENIED,
	    "%.150s holds %s and everybody may read it: %s", path, what, fix);
}

enum err
config_check_writers(mode_t mode, const char *path, struct problem *p)
{
	if (!S_ISREG(mode) || (mode & (S_IWGRP | S_IWOTH)) == 0)
		return ERR_OK;
	return problem_set(p, ERR_DENIED,
	    "%.120s can be changed by %s: chmod go-w %.120s", path,
	    (mode & S_IWOTH) != 0 ? "everybody" : "all of its group", path);
}

enum err
config_read_file(struct config *c, const char *path, struct problem *p)
{
	uint64_t seen = 0;
	mode_t mode = 0;
	struct buf text;
	enum err e;

	buf_init(&text, CONFIG_FILE_MAX);
	if ((e = config_read_text(&text, &mode, path, p)) != ERR_OK ||
	    (e = read_lines(c, buf_view(&text), path, &seen, p)) != ERR_OK)
		goto out;
	if (config_seen_secret(seen) && (mode & S_IROTH) != 0)
		e = config_too_open(path, "secrets", p);
	else
		e = config_check_writers(mode, path, p);
out:
	buf_wipe(&text);
	return e;
}
