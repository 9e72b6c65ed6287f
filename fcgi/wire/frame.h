/* SPDX-License-Identifier: MIT */
/* frame.h - bytes ready for the wire, made once and shared by all who get them. */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "queue/queue.h"

/* What stands around the bytes of a response. */
enum framing {
	FRAMING_FCGI, /* STDOUT records */
	FRAMING_RAW   /* nothing: plain CGI */
};

/*
 * Immutable but for its count.  Made by any thread, then given to the loop
 * thread, which alone takes and drops references.  The first fields say
 * which event it is, so that a subscriber who lags can choose for itself.
 */
struct frame {
	size_t refs;
	uint64_t at;         /* 0: no event of the log */
	struct slice topics; /* see topic.h; inside `bytes` */
	bool private;
	enum update_kind kind;
	uint16_t id; /* the FastCGI request it is addressed to */
	enum framing framing;
	uint32_t queued; /* streams that have it in their queue; stream.c */
	size_t len;      /* of what goes to the wire */
	uint8_t bytes[];
};

/* The request id that every web server uses; frames are made for it. */
#define FRAME_ID 1

/* Frame `payload`, addressed to FRAME_ID; one reference; NULL: no memory. */
struct frame *frame_new(enum framing framing, struct slice payload);

/* The same for an event of the log: `payload` are its encoded bytes. */
struct frame *frame_event(enum framing framing, struct slice payload,
    uint64_t at, const struct update *u);

/* `f` itself with one more reference if it is addressed to `id`, else a copy
 * that is.  NULL: no memory. */
struct frame *frame_for(struct frame *f, uint16_t id);

/* The memory it takes. */
size_t frame_size(const struct frame *f);

struct frame *frame_ref(struct frame *f);
void frame_unref(struct frame *f); /* NULL is allowed */

#endif
