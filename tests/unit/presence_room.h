/* SPDX-License-Identifier: MIT */
/* presence_room.h - subscribers in the queue of a test, and what is told of them. */
#ifndef PRESENCE_ROOM_H
#define PRESENCE_ROOM_H

#include "queue/presence.h"
#include "unit/queue_room.h"

/* Open the queue for writing, as the process `owner`, telling of changes. */
struct queue *presence_room_open(struct queue_room *r, uint64_t owner);

/* With these selectors, each behind a blank; token 0: none. */
struct presence *presence_room_somebody(const char *topics, uint8_t token);

/* Make one change; the time of who is parked is up at `until_ms`. */
enum err presence_room_change(struct queue *q, enum presence_state to,
    const struct presence *p, int64_t until_ms);

/* Call queue_reap() until nothing more is to be done: its transactions, or -1
 * on failure. */
int presence_room_reap(struct queue *q);

/* What the log tells, as "+topic " and "-topic "; static storage. */
const char *presence_room_told(struct queue *q);

/* The topics of the subscriptions listed, in order, each with a blank behind
 * it; NULL: any.  Static storage. */
const char *presence_room_listed(
    struct queue *q, const char *topic, const char *subscriber);

#endif
