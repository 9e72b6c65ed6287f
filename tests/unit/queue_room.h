/* SPDX-License-Identifier: MIT */
/* queue_room.h - a fresh directory with a queue in it, for tests. */
#ifndef QUEUE_ROOM_H
#define QUEUE_ROOM_H

#include <sys/types.h>

#include "queue/queue.h"

struct queue_room {
	char dir[128];
	char db[160];
	char url[192];
	struct queue_settings settings;
};

/* As setup and teardown of cmocka. */
int queue_room_make(void **state);
int queue_room_remove(void **state);

/* The database's path with `suffix`; static storage. */
const char *queue_room_path(const struct queue_room *r, const char *suffix);

/* Open, or abort with the problem's text. */
struct queue *queue_room_open(const struct queue_room *r, enum queue_mode mode);

/* How many files there are in the directory. */
int queue_room_files(const struct queue_room *r);

/* Append one update with this id and the topic "t". */
enum err queue_room_put(struct queue *q, const char *id);

/* The ids behind {0, 0}, each with a blank behind it; static storage. */
const char *queue_room_ids(struct queue *q);

/* Wait for a child: its exit code, or 1000 + signal. */
int queue_room_wait(pid_t pid);

#endif
