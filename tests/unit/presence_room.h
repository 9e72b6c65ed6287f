/* SPDX-License-Identifier: MIT */
/* presence_room.h - subscribers in a test's queue, and events about them. */
#ifndef PRESENCE_ROOM_H
#define PRESENCE_ROOM_H

#include <sys/types.h>

#include "queue/presence.h"
#include "unit/queue_room.h"

/* Open the queue for writing, as the process `owner`, with events about
 * subscribers. */
struct queue *presence_room_open(struct queue_room *r, uint64_t owner);

/* With these selectors, each behind a blank ("=x": an exact one); token 0:
 * none. */
struct presence *presence_room_somebody(const char *topics, uint8_t token);

/* Make one change; a subscriber that is away is so until `until_ms`. */
enum err presence_room_change(struct queue *q, enum presence_state to,
    const struct presence *p, int64_t until_ms);

/* Change after change of one subscriber, at most eight: '+' it is there, '~'
 * away, '-' gone.  `at_once`: in one call. */
enum err presence_room_steps(
    struct queue *q, const char *steps, bool at_once, const struct presence *p);

/* Call queue_reap() until nothing more is to be done: its transactions, or -1
 * on failure. */
int presence_room_reap(struct queue *q);

/* A process with subscribers, which goes on as a hub does. */
struct presence_holder {
	uint64_t owner;
	const char *topics;
	size_t n;
	bool as_stranger; /* as a user of its own, if that is allowed */
};

/* Start it: its rows are there when this returns.  And end it. */
pid_t presence_room_start(
    struct queue_room *r, const struct presence_holder *h);
void presence_room_kill(pid_t pid);

/* Reap by both handles until one of them has removed something, and then to
 * the end: the number of transactions, or -1 on failure. */
int presence_room_reap_all(struct queue *one, struct queue *two);

/* How often `part` stands in `text`. */
int presence_room_count(const char *text, const char *part);

/* The events about subscribers in the log, as "+topic " and "-topic "; static
 * storage. */
const char *presence_room_published(struct queue *q);

/* The selectors of the subscriptions listed, in order, each with a blank behind
 * it; NULL: any.  Static storage. */
const char *presence_room_listed(
    struct queue *q, const char *topic, const char *subscriber);

#endif
