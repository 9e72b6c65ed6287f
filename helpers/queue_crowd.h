/* SPDX-License-Identifier: MIT */
/* queue_crowd.h - where the streams of all processes of a queue are counted. */
#ifndef QUEUE_CROWD_H
#define QUEUE_CROWD_H

#include "queue.h"
#include "sidecar_crowd.h"

/* Open what stands beside the queue of these settings; nothing else of it is
 * opened.  Errors as of queue_open() and sidecar_crowd_open(). */
enum err queue_crowd_open(struct sidecar_crowd **out,
    const struct queue_settings *s, struct fault *f);

#endif
