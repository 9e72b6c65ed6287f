/* SPDX-License-Identifier: MIT */
/* event_frame.h - an event of the log as the frame that its subscribers get. */
#ifndef FANOUT_EVENT_FRAME_H
#define FANOUT_EVENT_FRAME_H

#include "mercure/update.h"
#include "wire/frame.h"

/*
 * The update at position `at`, encoded and framed.  Its data is copied once,
 * from `u` into the frame.  One reference; NULL: no memory.  Any thread.
 */
struct frame *event_frame(
    enum framing framing, uint64_t at, const struct update *u);

#endif
