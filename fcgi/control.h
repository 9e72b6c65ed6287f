/* SPDX-License-Identifier: MIT */
/* control.h - frames without data: the keep-alive and the position. */
#ifndef CONTROL_H
#define CONTROL_H

#include "frame.h"
#include "queue.h"

/* Owner: loop thread.  Frames are made once and shared: after a publish most
 * silent streams are told the same position. */
struct control {
	enum framing framing;
	struct queue_cursor_key key;
	struct frame *comment;
	struct frame *cursor; /* the last one made, for `at`; or NULL */
	struct cursor at;
};

/* ERR_NOMEM. */
enum err control_init(struct control *c, enum framing framing);

/* Positions from now on belong to the epoch of `key`. */
void control_set_key(struct control *c, const struct queue_cursor_key *key);

/* A frame that names `at`: what the peer brings back when it connects again.
 * Borrowed until the next call; NULL: no memory. */
struct frame *control_cursor(struct control *c, struct cursor at);

void control_free(struct control *c); /* a zeroed one is allowed */

#endif
