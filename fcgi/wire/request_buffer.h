/* SPDX-License-Identifier: MIT */
/* request_buffer.h - keeps a request's bytes as they are read. */
#ifndef WIRE_REQUEST_BUFFER_H
#define WIRE_REQUEST_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Owner: loop thread.  A sender may hold a body back until what it sent is
 * read (mod_proxy_fcgi does at 50 KB), or send it drop by drop: the loop then
 * reads it into memory, so that no thread has to wait for a peer.
 */
struct request_buffer;

/* All request buffers of a process share it: bytes in them, and the most
 * there may be. */
struct request_buffer_room {
	size_t used, max;
};

enum request_buffer_state {
	REQUEST_BUFFER_MORE,     /* wait for more bytes */
	REQUEST_BUFFER_WHOLE,    /* the request is complete */
	REQUEST_BUFFER_ENDED,    /* its sender sends no more of it */
	REQUEST_BUFFER_TOO_LONG, /* more than `bytes_max` */
	/* All request buffers together hold too much.  Reading can go on once
	 * another one is freed. */
	REQUEST_BUFFER_NO_ROOM,
	/* Not FastCGI, or no memory: the problem says which. */
	REQUEST_BUFFER_BROKEN
};

/* For a request of at most `bytes_max` bytes, records' headers included.
 * NULL: no memory. */
struct request_buffer *request_buffer_new(
    struct request_buffer_room *room, size_t bytes_max);

/* Read what the non-blocking socket has. */
enum request_buffer_state request_buffer_read(
    struct request_buffer *s, int fd, struct problem *p);

/* Of a whole request: does its sender want to use the connection again, and was
 * nothing read that is behind the request? */
bool request_buffer_keep(const struct request_buffer *b);

/* What was read so far; workers may use it until request_buffer_free(). */
struct slice request_buffer_bytes(const struct request_buffer *s);

void request_buffer_free(
    struct request_buffer *s); /* gives its room back; NULL is allowed */

#endif
