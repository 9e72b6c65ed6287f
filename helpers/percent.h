/* SPDX-License-Identifier: MIT */
/* percent.h - percent-encoding of one URL component. */
#ifndef PERCENT_H
#define PERCENT_H

#include "buf.h"
#include "slice.h"

/* Add `s` with every byte outside RFC 3986's unreserved set as %XX. */
void percent_encode(struct buf *out, struct slice s);

/* Add `s` with each %XX as its byte; a stray % is itself (WHATWG). */
void percent_decode(struct buf *out, struct slice s);

/* The byte that the %XX at the start of `s` stands for, -1 if there is none. */
int percent_byte(struct slice s);

#endif
