/* SPDX-License-Identifier: MIT */
/* crowd.h - opens the memory in which all streams of a queue are counted. */
#ifndef QUEUE_CROWD_H
#define QUEUE_CROWD_H

#include "queue/queue.h"

struct sidecar_crowd;

/* Open the sidecar of the queue with these settings, but not the queue.
 * Errors as of queue_open() and sidecar_crowd_open(). */
enum err queue_crowd_open(struct sidecar_crowd **out,
    const struct queue_settings *s, struct problem *p);

#endif
