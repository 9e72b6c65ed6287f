/* SPDX-License-Identifier: MIT */
/* ring.h - the most recent events, framed, in a bounded number of bytes. */
#ifndef FANOUT_RING_H
#define FANOUT_RING_H

#include <stdint.h>

#include "wire/frame.h"

/* Owner: loop thread.  Every row of the log behind ring_floor() is here. */
struct ring;

enum err ring_new(struct ring **out);

/* Forget all; what comes next lies behind `floor`. */
void ring_reset(struct ring *r, uint64_t floor);

/*
 * Add the next event (takes another reference), dropping the oldest until it
 * all fits into `bytes_max`; the newest always stays.  Without memory the
 * ring starts empty behind this event: slower, never wrong.
 */
void ring_add(struct ring *r, struct frame *f, size_t bytes_max);

/* Drop what lies at or before `floor`: it is pruned from the log, too. */
void ring_trim(struct ring *r, uint64_t floor);

/* The position of the last event that was dropped. */
uint64_t ring_floor(const struct ring *r);

/* The number of the first event behind `at` (which is not below the floor);
 * numbers count up, and ring_get() gives NULL behind the last. */
uint64_t ring_after(const struct ring *r, uint64_t at);
struct frame *ring_get(const struct ring *r, uint64_t number);

void ring_free(struct ring *r); /* NULL is allowed */

#endif
