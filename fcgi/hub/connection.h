/* SPDX-License-Identifier: MIT */
/* connection.h - a web server's connection until a stream writes to it. */
#ifndef HUB_CONNECTION_H
#define HUB_CONNECTION_H

#include "hub/hub.h"
#include "wire/loop.h"

/*
 * Owner: loop thread.  The loop owns the descriptor all the time; a worker
 * borrows it.  An arrival waits for a request on it, then an exchange answers
 * that request; neither is a part of it, so several could follow each other on
 * one connection.  The hub does not end while there is one.
 */
struct connection {
	struct loop_watch watch;
	bool watched; /* unless a request was there at once */
	struct hub *hub;
	void *reader; /* the user of `watch.ready` */
};

/* NULL: no memory.  `fd` is then still the caller's. */
struct connection *connection_new(struct hub *hub, int fd);

/* Have `ready` called, for `reader`, when bytes or the peer's end arrive.
 * ERR_NOMEM, ERR_IO. */
enum err connection_watch(struct connection *c,
    void (*ready)(struct loop_watch *w, uint32_t events), void *reader);

/* Nobody reads it in the loop: a worker does, or a stream will. */
void connection_rest(struct connection *c);

/* The loop holds no event for it any more, not even in its present turn. */
void connection_unwatch(struct connection *c);

/* Make it a stream, for the answer to request `id`; `c` is freed.  NULL: no
 * memory, and it is closed. */
struct stream *connection_stream(struct connection *c, uint16_t id);

void connection_close(struct connection *c);

#endif
