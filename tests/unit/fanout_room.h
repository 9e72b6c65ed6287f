/* SPDX-License-Identifier: MIT */
/* fanout_room.h - a fan-out with a loop, a log and peers, for tests. */
#ifndef FANOUT_ROOM_H
#define FANOUT_ROOM_H

#include "fanout/fanout.h"

#define FANOUT_ROOM_EPOCH 9

/* The positions that peers are sent are of this epoch. */
extern const struct queue_cursor_key fanout_room_key;

/* Framing is raw: peers read bytes as a browser does. */
struct fanout_room {
	struct stream_host host;
	struct fanout *fanout;
	struct loop_timer stop;
	uint64_t tail; /* the last event of the log, which its owner counts */
	bool asked;    /* the fan-out asks for what lies behind this: */
	uint64_t question;
	int fd; /* the present peer, what it has read, and is it all? */
	char text[1 << 20];
	size_t len;
	bool ended;
};

/* The log is empty.  Settings as of fanout.h. */
void fanout_room_open(struct fanout_room *r, size_t ring_bytes, size_t effort);

/* All streams are ended or cut; waits for them. */
void fanout_room_close(struct fanout_room *r);

/* One turn of the loop: whatever is due now happens. */
void fanout_room_turn(struct fanout_room *r);

/* Give the fan-out a batch like this one, whose frames it takes over. */
void fanout_room_give(struct fanout_room *r, const struct batch *like);

/* An event of the log with these bytes. */
struct frame *fanout_room_event(
    uint64_t at, const char *topic, bool private, struct slice bytes);

/* The hub's side of a new peer, whose own side is *fd; NULL: no memory. */
struct stream *fanout_room_connect(struct fanout_room *r, int *fd);

/* An opening with this head, which starts behind `after` and never ends. */
struct subscriber_opening *fanout_room_opening(
    const char *head, uint64_t after);

/* It asks for this topic or template, too. */
void fanout_room_ask_for(struct subscriber_opening *o, const char *selector);

/* Open it for the present peer, which has read nothing yet. */
void fanout_room_subscribe(struct fanout_room *r, struct subscriber_opening *o);

/* Let the present peer read what is there, or until the response has ended. */
void fanout_room_read(struct fanout_room *r);
void fanout_room_read_all(struct fanout_room *r);

#endif
