/* SPDX-License-Identifier: MIT */
/* request_buffer.h - keeps the bytes of a request that come only when somebody reads them. */
#ifndef WIRE_REQUEST_BUFFER_H
#define WIRE_REQUEST_BUFFER_H

#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Owner: loop thread.  A sender may hold a body back until what it sent is
 * read (mod_proxy_fcgi does at 50 KB), or send it drop by drop: the loop then
 * reads it into memory, so that no thread has to wait for a peer.
 */
struct spool;

/* What all spools of a process share: bytes in them, and the most there may
 * be. */
struct spool_room {
	size_t used, max;
};

enum spool_state {
	SPOOL_MORE,     /* wait for more bytes */
	SPOOL_WHOLE,    /* the request is complete */
	SPOOL_ENDED,    /* its sender sends no more of it */
	SPOOL_TOO_LONG, /* more than `bytes_max` */
	SPOOL_NO_ROOM,  /* all spools together hold too much; once one of
			 * the others is freed, this one can be read on */
	SPOOL_BROKEN    /* no FastCGI, or no memory: the problem says which */
};

/* For a request of at most `bytes_max` bytes, records' headers included.
 * NULL: no memory. */
struct spool *spool_new(struct spool_room *room, size_t bytes_max);

/* Read what the non-blocking socket has. */
enum spool_state spool_read(struct spool *s, int fd, struct problem *p);

/* Everything read so far; a worker may look at it until spool_free(). */
struct slice spool_bytes(const struct spool *s);

void spool_free(struct spool *s); /* gives its room back; NULL is allowed */

#endif
