/* SPDX-License-Identifier: MIT */
/* queue_files.h - the files of a test's queue, for tests of SQLite. */
#ifndef QUEUE_FILES_H
#define QUEUE_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "unit/queue_room.h"

/* The line "sqlite" of the table in queue_room.c; the database is in the room's
 * folder. */
bool queue_files_make(struct queue_room *r);
void queue_files_share(const struct queue_room *r);
void queue_files_lose(const struct queue_room *r);
void queue_files_remove(const struct queue_room *r);

/* The database, its log, the index of the log, and the sidecar. */
#define QUEUE_FILES 4
extern const char *const queue_files_suffixes[QUEUE_FILES];

/* The path of the database, and the same with `suffix` (static storage). */
const char *queue_files_db(const struct queue_room *r);
const char *queue_files_path(const struct queue_room *r, const char *suffix);

/* The number of files in the room's folder. */
int queue_files_count(const struct queue_room *r);

/* Write a file with this text, in the place of any. */
void queue_files_write(const char *path, const char *text);

/* Wait until a handle reads these ids: it notices another database within a
 * second. */
void queue_files_wait_for_ids(struct queue *q, const char *want);

/* Run statements on an open queue, or read one number; a failure of SQLite
 * fails the test. */
void queue_files_run(struct queue *q, const char *sql);
int64_t queue_files_number(struct queue *q, const char *sql);

/* Run statements as another program does, without this program's settings.
 * Returns SQLite's result code. */
int queue_files_run_foreign(const char *path, const char *sql);

#endif
