/* SPDX-License-Identifier: MIT */
/* queue_room.h - a fresh queue for a test, of each backend in turn. */
#ifndef QUEUE_ROOM_H
#define QUEUE_ROOM_H

#include <sys/types.h>

#include "queue/start.h"

struct queue_room_kind;

struct queue_room {
	const struct queue_room_kind *backend;
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

/* Setup and teardown of cmocka: a place without a queue. */
int queue_room_make(void **state);
int queue_room_remove(void **state);

#define QUEUE_ROOM_TEST(f) \
	cmocka_unit_test_setup_teardown(f, queue_room_make, queue_room_remove)

/* Open the queue; on failure print the problem and abort. */
struct queue *queue_room_open(const struct queue_room *r, enum queue_mode mode);

/* Let processes of any user open the queue, which exists. */
void queue_room_share(const struct queue_room *r);

/* Lose the queue: the next process that needs one makes an empty one. */
void queue_room_lose(const struct queue_room *r);

/* Append one update with this id and the topic "t". */
enum err queue_room_put(struct queue *q, const char *id);

/* All ids in the log, each followed by a blank; static storage. */
const char *queue_room_ids(struct queue *q);

/* The epoch of the queue; and how many rows there are of each kind. */
uint64_t queue_room_epoch(struct queue *q);
void queue_room_count(
    struct queue *q, size_t counts[UPDATE_KINDS], struct queue_span *span);

/* Run `body` in a process of its own, which ends with what it returns. */
typedef int queue_room_body(const struct queue_room *r, int arg);
pid_t queue_room_start(
    const struct queue_room *r, queue_room_body *body, int arg);

/* A body: open the queue and append one update with this number as its id; an
 * enum err. */
int queue_room_put_one(const struct queue_room *r, int number);

/* Parts of queue_start(): the end of the log and the database's key; where an
 * id leads; and who is away under it. */
enum err queue_room_tail(struct queue *q, uint64_t *out);
enum err queue_room_key(struct queue *q, struct queue_cursor_key *out);
enum err queue_room_find(struct queue *q, struct slice id, queue_may_fn *may,
    void *arg, uint64_t *out, bool *known);
enum err queue_room_away(
    struct queue *q, struct slice id, struct presence **out, uint64_t *key);

/* Wait for a child: its exit code, or 1000 + signal. */
int queue_room_wait(pid_t pid);

#endif
