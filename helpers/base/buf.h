/* SPDX-License-Identifier: MIT */
/* buf.h - a growing byte buffer with a hard maximum and a sticky error. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Once an addition fails (ERR_NOMEM, or ERR_LIMIT above `max`) the buffer
 * takes nothing more and `err` says why: writers add without looking and
 * look once at the end.  Read the fields; change them only through buf_*.
 */
struct buf {
	char *base;
	size_t len, room, max;
	enum err err;
};

/* An empty buffer that allocates nothing yet. */
void buf_init(struct buf *b, size_t max);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_slice(struct buf *b, struct slice s);
void buf_text(struct buf *b, const char *text);
void buf_byte(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for `len` bytes at the end, counted as written; NULL on failure. */
void *buf_grow(struct buf *b, size_t len);

/* Keep only the first `len` of its bytes, and its error. */
void buf_truncate(struct buf *b, size_t len);

/* Forget content and error, keep the memory. */
void buf_clear(struct buf *b);

/* The content; valid until the next change. */
struct slice buf_view(const struct buf *b);

/*
 * The content with a NUL behind it, owned by the caller (mem_free()); the
 * buffer is empty afterwards.  NULL if the buffer failed before or now.
 */
char *buf_steal(struct buf *b);

void buf_free(struct buf *b); /* a zeroed buf is allowed */
void buf_wipe(struct buf *b); /* overwrites, then frees */

#endif
