/* SPDX-License-Identifier: MIT */
/* management.h - what a web server asks the hub itself (FastCGI 1.0, 4). */
#ifndef WIRE_MANAGEMENT_H
#define WIRE_MANAGEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* The longest management record that is answered, its header included: the
 * names that the specification has are far shorter together. */
#define MANAGEMENT_MAX 1024

enum management {
	MANAGEMENT_NONE, /* the bytes begin with something else */
	MANAGEMENT_MORE, /* wait for more bytes */
	MANAGEMENT_WHOLE,
	MANAGEMENT_TOO_LONG /* more than MANAGEMENT_MAX bytes */
};

/*
 * Do the first bytes of a connection, or those behind a request on a kept one,
 * belong to a management record, one with the request id 0?  If it is whole,
 * *size is its length with header and padding.  An ABORT_REQUEST or
 * BEGIN_REQUEST with the id 0 is not one: it is an error of the peer.
 */
enum management management_scan(struct slice bytes, size_t *size);

/*
 * Add the answer to a whole record, less than MANAGEMENT_MAX bytes: the values
 * asked for by GET_VALUES (section 4.1), or UNKNOWN_TYPE (section 4.2).
 * `connections_max`: how many connections the hub takes, each with one request
 * at a time.
 */
void management_answer(
    struct buf *out, struct slice record, size_t connections_max);

/*
 * Take a whole record, which was only looked at so far, out of the non-blocking
 * socket, and write its answer there: a few bytes, for which a socket that
 * nobody has written to has room.  False: that was not possible.
 */
bool management_serve(int fd, struct slice record, size_t connections_max);

#endif
