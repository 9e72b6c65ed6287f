/* SPDX-License-Identifier: MIT */
/* queue_room.h - a fresh queue for a test, of each backend in turn. */
#ifndef QUEUE_ROOM_H
#define QUEUE_ROOM_H

#include <sys/types.h>

#include "queue/queue.h"

struct queue_backend;

struct queue_room {
	const struct queue_backend *backend;
	char dir[128]; /* a folder for the test's own files */
	char url[192];
	struct queue_settings settings;
};

/*
 * A program whose cases hold for every backend calls this from main(): `run`
 * runs them once for each backend, whose name it gets.  Returns the number of
 * failures.  Elsewhere a room has a queue of the first backend, SQLite's.
 */
int queue_room_each(int (*run)(const char *backend));

/* As setup and teardown of cmocka: a place with no queue in it yet. */
int queue_room_make(void **state);
int queue_room_remove(void **state);

#define QUEUE_ROOM_TEST(f) \
	cmocka_unit_test_setup_teardown(f, queue_room_make, queue_room_remove)

/* Open, or abort with a sentence. */
struct queue *queue_room_open(const struct queue_room *r, enum queue_mode mode);

/* From now on processes of any user may open the queue, which is there. */
void queue_room_share(const struct queue_room *r);

/* The queue is lost; whoever needs one makes another, which is empty. */
void queue_room_lose(const struct queue_room *r);

/* Append one update with this id and the topic "t". */
enum err queue_room_put(struct queue *q, const char *id);

/* The ids behind {0, 0}, each with a blank behind it; static storage. */
const char *queue_room_ids(struct queue *q);

/* Wait for a child: its exit code, or 1000 + signal. */
int queue_room_wait(pid_t pid);

#endif
