/* SPDX-License-Identifier: MIT */
/* crowd.h - the memory in which all streams of a queue are counted. */
#ifndef QUEUE_CROWD_H
#define QUEUE_CROWD_H

#include "queue/crowd_table.h"
#include "queue/queue.h"

/* Owner: one thread at a time. */
struct queue_crowd;

/*
 * Open it, but not the queue with these settings.  It has another owner number
 * than the queue, and shows that this process lives until it is closed.
 * ERR_FULL: no space on the disk.  Else as queue_open().
 */
enum err queue_crowd_open(struct queue_crowd **out,
    const struct queue_settings *s, struct problem *p);

/* The table, with the slots that there are now.  ERR_MOVED: another one has
 * taken its place: open again.  ERR_FULL, ERR_IO. */
enum err queue_crowd_table(
    struct queue_crowd *c, struct crowd_table **out, struct problem *p);

/* Make more slots; crowd_table_sweep() comes first.  ERR_FULL: no space on the
 * disk, or there are as many as there may be. */
enum err queue_crowd_grow(struct queue_crowd *c, struct problem *p);

/* Its secret, for crowd_key_hide(). */
void queue_crowd_secret(const struct queue_crowd *c, uint64_t out[2]);

void queue_crowd_close(struct queue_crowd *c); /* NULL is allowed */

#endif
