/* SPDX-License-Identifier: MIT */
/* position_frame.h - frames without data: the keep-alive and the position. */
#ifndef FANOUT_POSITION_FRAME_H
#define FANOUT_POSITION_FRAME_H

#include "queue/queue.h"
#include "wire/frame.h"

/* Owner: loop thread.  Frames are made once and shared: after a publish most
 * silent streams are told the same position. */
struct control {
	enum framing framing;
	struct queue_cursor_key key;
	struct frame *comment;
	/* The last one made, or NULL, and what it says. */
	struct frame *cursor;
	uint64_t at;
	uint32_t retry_ms;
};

/* ERR_NOMEM. */
enum err control_init(struct control *c, enum framing framing);

/* Positions from now on belong to the epoch of `key`. */
void control_set_key(struct control *c, const struct queue_cursor_key *key);

#define CONTROL_RETRY_NONE UINT32_MAX

/*
 * A frame that names `at`: what the peer brings back when it connects again,
 * which it is to do after `retry_ms` (CONTROL_RETRY_NONE: as it was told
 * before).  Borrowed until the next call; NULL: no memory.
 */
struct frame *control_cursor(struct control *c, uint64_t at, uint32_t retry_ms);

/* The same, and it also leads to the row of a parked subscriber.  The caller
 * drops it. */
struct frame *control_parked(
    struct control *c, uint64_t at, uint64_t key, uint32_t retry_ms);

void control_free(struct control *c); /* a zeroed one is allowed */

#endif
