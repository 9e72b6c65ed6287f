/* SPDX-License-Identifier: MIT */
/* position_frame.h - frames without data: the keep-alive and the position. */
#ifndef FANOUT_POSITION_FRAME_H
#define FANOUT_POSITION_FRAME_H

#include "queue/queue.h"
#include "wire/frame.h"

/* Owner: loop thread.  Frames are made once and shared: after a publish most
 * silent streams are sent the same position. */
struct position_frames {
	enum framing framing;
	struct queue_cursor_key key;
	struct frame *comment;
	/* The last one made, or NULL, and what it names. */
	struct frame *position;
	uint64_t at;
	uint32_t retry_ms;
};

/* ERR_NOMEM. */
enum err position_frames_init(struct position_frames *p, enum framing framing);

/* Positions from now on belong to the epoch of `key`. */
void position_frames_set_key(
    struct position_frames *p, const struct queue_cursor_key *key);

#define POSITION_RETRY_NONE UINT32_MAX

/*
 * A frame that names `at`: what the peer brings back when it connects again,
 * which it is to do after `retry_ms` (POSITION_RETRY_NONE: after the delay that
 * it was sent before).  Borrowed until the next call; NULL: no memory.
 */
struct frame *position_frame(
    struct position_frames *p, uint64_t at, uint32_t retry_ms);

/* The same, and it also leads to the row `key` of a subscriber that will be
 * back.  The caller drops it. */
struct frame *position_frame_away(
    struct position_frames *p, uint64_t at, uint64_t key, uint32_t retry_ms);

void position_frames_free(
    struct position_frames *p); /* a zeroed one is allowed */

#endif
