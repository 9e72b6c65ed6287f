/* SPDX-License-Identifier: MIT */
/* frame.h - bytes ready for the wire, shared by all who receive them. */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "wire/record.h"

/* The bytes around those of a response. */
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
	struct slice topics; /* see topic_list.h; inside `bytes` */
	uint8_t rights;      /* that its receivers need; the fan-out's */
	uint16_t id;         /* the FastCGI request it is addressed to */
	enum framing framing;
	uint32_t queued; /* queues that have it; frame_queue.c */
	size_t len;      /* of what goes to the wire */
	uint8_t bytes[];
};

/* The request id that every web server uses; frames are made for it. */
#define FRAME_ID 1

/* Frame `payload`, addressed to FRAME_ID; one reference; NULL: no memory. */
struct frame *frame_new(enum framing framing, struct slice payload);

/*
 * A frame whose payload of `len` bytes is written behind it piece by piece, so
 * that nobody has to hold it as a whole.  `topics` are copied.  NULL: no
 * memory.
 */
struct frame_writer {
	struct record_writer records;
	enum framing framing;
};
struct frame *frame_begin(struct frame_writer *w, enum framing framing,
    size_t len, struct slice topics);
void frame_write(struct frame_writer *w, struct slice bytes);

/* `f` itself with one more reference if it is addressed to `id`, else a copy
 * that is.  NULL: no memory. */
struct frame *frame_for(struct frame *f, uint16_t id);

/* The memory it takes. */
size_t frame_size(const struct frame *f);

struct frame *frame_ref(struct frame *f);
void frame_unref(struct frame *f); /* NULL is allowed */

#endif
