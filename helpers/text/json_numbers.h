/* SPDX-License-Identifier: MIT */
/* json_numbers.h - JSON with numbers of any size, for a parser with limits. */
#ifndef TEXT_JSON_NUMBERS_H
#define TEXT_JSON_NUMBERS_H

#include "base/buf.h"
#include "base/slice.h"

/* The most that a copy of `len` bytes may need. */
#define JSON_NUMBERS_SIZE(len) ((len) + (len) / 8 + 8)

/*
 * Copy a JSON text.  Integers that may not fit in 64 bits become real numbers,
 * as in JavaScript, and real numbers that are too large for a double become
 * 1e308 or -1e308.  Texts that are not JSON stay so.  out->err: ERR_NOMEM.
 */
void json_numbers_copy(struct buf *out, struct slice text);

#endif
