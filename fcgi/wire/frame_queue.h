/* SPDX-License-Identifier: MIT */
/* frame_queue.h - the frames that wait for one peer, in order. */
#ifndef WIRE_FRAME_QUEUE_H
#define WIRE_FRAME_QUEUE_H

#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/frame.h"

/*
 * Zero it before use; private to frame_queue.c but for `n`, `sent` and `bytes`.
 *
 * `held` is the memory of all frames in all queues of a process.  A frame
 * counts once, however many queues share it, and stops to count when the last
 * queue drops it.
 */
struct frame_queue {
	struct frame **frames;
	uint16_t head, n, room;
	size_t sent;  /* bytes of the first frame that are written */
	size_t bytes; /* of all frames, the first one counted whole */
};

#define FRAME_QUEUE_MAX 66

/* Add a frame behind the others; takes over a reference on success.  The
 * caller never adds more than FRAME_QUEUE_MAX.  False: no memory. */
bool frame_queue_push(struct frame_queue *q, struct frame *f, size_t *held);

/* Describe what is not written yet; returns the number of parts. */
int frame_queue_iov(
    const struct frame_queue *q, struct iovec iov[FRAME_QUEUE_MAX]);

/* `n` more bytes are written. */
void frame_queue_written(struct frame_queue *q, size_t n, size_t *held);

/* Drop all frames but one that is written in part.  Returns the place of the
 * first event that was dropped; 0: no event was. */
uint64_t frame_queue_cut(struct frame_queue *q, size_t *held);

/* Drop all frames, and free the memory of the queue itself. */
void frame_queue_free(struct frame_queue *q, size_t *held);

#endif
