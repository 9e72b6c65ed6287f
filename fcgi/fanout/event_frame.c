/* SPDX-License-Identifier: MIT */
/* event_frame.c - counts an event's bytes, then writes them to their place. */
#include "fanout/event_frame.h"

#include "fanout/subscriber.h"
#include "mercure/event.h"

static void
count_piece(void *arg, struct slice piece)
{
	*(size_t *)arg += piece.len;
}

static void
write_piece(void *arg, struct slice piece)
{
	frame_write(arg, piece);
}

/* The least rights that a subscriber needs for this update. */
static enum subscriber_rights
rights_for(const struct update *u)
{
	if (!u->private)
		return SUBSCRIBER_PUBLIC;
	return u->kind == UPDATE_HUB ? SUBSCRIBER_HUB : SUBSCRIBER_PRIVATE;
}

struct frame *
event_frame(enum framing framing, uint64_t at, const struct update *u)
{
	struct frame_writer w;
	struct frame *f;
	size_t len = 0;

	event_write(u, count_piece, &len);
	if ((f = frame_begin(&w, framing, len, u->topics)) == NULL)
		return NULL;
	event_write(u, write_piece, &w);
	f->at = at;
	f->rights = (uint8_t)rights_for(u);
	return f;
}
