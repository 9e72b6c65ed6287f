/* SPDX-License-Identifier: MIT */
/* check.c - checks everything that can be wrong with a queue. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rights.h"
#include "queue/sqlite/sidecar_path.h"
#include "queue/sqlite/sqlite.h"

struct check {
	queue_report_fn *report;
	void *arg;
	const char *path;
	char dir[QUEUE_SQLITE_PATH_MAX];
};

static void
report_point(const struct check *c, bool good, const struct problem *p)
{
	c->report(c->arg, good, p->text);
}

/* Members of the group can use each other's new files only if the directory is
 * setgid. */
static bool
check_directory(const struct check *c)
{
	struct problem p;
	struct stat st;

	if (stat(c->dir, &st) == -1 || access(c->dir, W_OK | X_OK) == -1) {
		sidecar_denied(c->path, errno, &p);
		report_point(c, false, &p);
		return false;
	}
	if ((st.st_mode & S_IWGRP) != 0 && (st.st_mode & S_ISGID) == 0) {
		problem_set(&p, ERR_OK,
		    "new files in %s do not inherit its group: chmod g+s %s",
		    c->dir, c->dir);
		report_point(c, false, &p);
		return true;
	}
	problem_set(&p, ERR_OK, "%s is writable", c->dir);
	report_point(c, true, &p);
	return true;
}

static bool
check_file_system(const struct check *c)
{
	struct problem p;

	if (queue_sqlite_network_check(c->path, &p) != ERR_OK) {
		report_point(c, false, &p);
		return false;
	}
	problem_set(&p, ERR_OK, "%s lies on a local file system", c->dir);
	report_point(c, true, &p);
	return true;
}

static bool
check_lock(const struct check *c, const struct queue_settings *s)
{
	struct sidecar *side = NULL;
	pid_t holder = 0;
	struct problem p;
	enum err e;

	if ((e = sidecar_open(&side, c->path, &p)) == ERR_OK) {
		e = sidecar_lock(side, s->lock_timeout_ms, &holder);
		if (e == ERR_OK)
			sidecar_unlock(side);
		if (e == ERR_BUSY)
			problem_set(&p, e,
			    "process %ld holds the write lock for too long: "
			    "see what it does, and end it if it was stopped",
			    (long)holder);
		else if (e == ERR_OK)
			problem_set(&p, e, "the write lock can be taken");
		else
			problem_set(&p, e, "the write lock: %s", err_text(e));
	}
	sidecar_close(side);
	report_point(c, e == ERR_OK, &p);
	return e == ERR_OK;
}

static void
check_rights(const struct check *c)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-hub" };
	char path[QUEUE_SQLITE_PATH_MAX + 8];
	char group[RIGHTS_NAME_MAX];
	struct stat st, db;
	struct problem p;

	if (stat(c->path, &db) == -1)
		return;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", c->path, suffixes[i]);
		if (stat(path, &st) == -1 ||
		    (st.st_gid == db.st_gid && (st.st_mode & 0660) == 0660))
			continue;
		rights_group_name(group, db.st_gid);
		problem_set(&p, ERR_OK,
		    "%s is not for its whole group: chgrp %s %s && chmod 660 "
		    "%s",
		    path, group, path, path);
		report_point(c, false, &p);
	}
}

static void
check_database(const struct check *c, const struct queue_settings *s)
{
	struct queue *base = NULL;
	struct queue_sqlite *q;
	sqlite3_stmt *st;
	struct problem p;
	bool good;

	if (queue_open(&base, s, QUEUE_READ, &p) != ERR_OK) {
		report_point(c, false, &p);
		return;
	}
	q = (struct queue_sqlite *)base;
	st = queue_sqlite_statement(q, SQL_QUICK_CHECK);
	good = st != NULL && sqlite3_step(st) == SQLITE_ROW &&
	       sqlite3_stricmp(
		   (const char *)sqlite3_column_text(st, 0), "ok") == 0;
	sqlite3_reset(st);
	if (good)
		problem_set(&p, ERR_OK, "%s is a sound database", c->path);
	else
		queue_sqlite_failed(q, SQLITE_CORRUPT);
	report_point(c, good, good ? &p : &q->problem);
	queue_close(base);
}

void
queue_sqlite_check(
    const struct queue_settings *s, queue_report_fn *report, void *arg)
{
	struct check c = { .report = report, .arg = arg };
	struct problem p;
	char *path = NULL;

	if (queue_sqlite_path(&path, s->url, &p) != ERR_OK) {
		report_point(&c, false, &p);
		return;
	}
	c.path = path;
	snprintf(c.dir, sizeof(c.dir), "%.*s",
	    (int)(strrchr(path, '/') - path) + 1, path);
	if (check_directory(&c) && check_file_system(&c)) {
		/* Nothing is created here: it might get the wrong owner. */
		if (access(path, F_OK) == -1) {
			problem_set(&p, ERR_OK,
			    "%s will be made by the first process", path);
			report_point(&c, true, &p);
		} else if (check_lock(&c, s)) {
			check_rights(&c);
			check_database(&c, s);
		}
	}
	mem_free(path);
}
