/* SPDX-License-Identifier: MIT */
/* queue_files.c - finds, removes and reads the files of a test's queue. */
#include "unit/queue_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue/sqlite/sqlite.h"

#define WAIT_US 10000

const char *const queue_files_suffixes[QUEUE_FILES] = { "", "-wal", "-shm",
	"-hub" };

bool
queue_files_make(struct queue_room *r)
{
	const int n =
	    snprintf(r->url, sizeof(r->url), "sqlite://%s/queue.db", r->dir);

	return n > 0 && (size_t)n < sizeof(r->url);
}

const char *
queue_files_db(const struct queue_room *r)
{
	return r->url + strlen("sqlite://");
}

const char *
queue_files_path(const struct queue_room *r, const char *suffix)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s%s", queue_files_db(r), suffix);
	return path;
}

void
queue_files_share(const struct queue_room *r)
{
	assert_int_equal(chmod(r->dir, 0777), 0);
	for (int i = 0; i < QUEUE_FILES; i++)
		assert_int_equal(
		    chmod(queue_files_path(r, queue_files_suffixes[i]), 0666),
		    0);
}

void
queue_files_lose(const struct queue_room *r)
{
	for (int i = 0; i < QUEUE_FILES - 1; i++)
		unlink(queue_files_path(r, queue_files_suffixes[i]));
}

void
queue_files_remove(const struct queue_room *r)
{
	for (int i = 0; i < QUEUE_FILES; i++)
		unlink(queue_files_path(r, queue_files_suffixes[i]));
}

int
queue_files_count(const struct queue_room *r)
{
	struct dirent *d;
	DIR *dir = opendir(r->dir);
	int n = 0;

	while (dir != NULL && (d = readdir(dir)) != NULL)
		n += d->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	return n;
}

void
queue_files_write(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0660);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

void
queue_files_run(struct queue *q, const char *sql)
{
	sqlite3 *db = ((struct queue_sqlite *)q)->db;

	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

int64_t
queue_files_number(struct queue *q, const char *sql)
{
	sqlite3 *db = ((struct queue_sqlite *)q)->db;
	sqlite3_stmt *st = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

int
queue_files_run_foreign(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open(path, &db);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
	return rc;
}

void
queue_files_wait_for_ids(struct queue *q, const char *want)
{
	for (int i = 0; strcmp(queue_room_ids(q), want) != 0; i++) {
		if (i == 2000)
			fail_msg("still \"%s\"", queue_room_ids(q));
		usleep(WAIT_US);
	}
}
