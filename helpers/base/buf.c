/* SPDX-License-Identifier: MIT */
/* buf.c - a growing byte buffer with a hard maximum and a sticky error. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define BUF_ROOM_MIN 64

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

/*
 * Make sure that `len` more bytes fit.  One byte more than `room` is always
 * there, for the NUL of vsnprintf() and buf_steal(), so neither can fail late.
 */
static bool
buf_reserve(struct buf *b, size_t len)
{
	size_t room;
	char *base;

	if (b->err != ERR_OK)
		return false;
	if (len > b->max - b->len || b->max == SIZE_MAX) {
		b->err = ERR_LIMIT;
		return false;
	}
	if (b->base != NULL && len <= b->room - b->len)
		return true;

	room = b->room > b->max / 2 ? b->max : b->room * 2;
	if (room < BUF_ROOM_MIN)
		room = b->max < BUF_ROOM_MIN ? b->max : BUF_ROOM_MIN;
	if (room < b->len + len)
		room = b->len + len;
	if ((base = mem_realloc(b->base, room + 1)) == NULL) {
		b->err = ERR_NOMEM;
		return false;
	}
	b->base = base;
	b->room = room;
	return true;
}

void *
buf_grow(struct buf *b, size_t len)
{
	char *at;

	if (!buf_reserve(b, len))
		return NULL;
	at = b->base + b->len;
	b->len += len;
	return at;
}

void
buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0 || !buf_reserve(b, len))
		return;
	memcpy(b->base + b->len, bytes, len);
	b->len += len;
}

void
buf_slice(struct buf *b, struct slice s)
{
	buf_add(b, s.base, s.len);
}

void
buf_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void
buf_byte(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0) {
		if (b->err == ERR_OK)
			b->err = ERR_NOMEM;
	} else if (buf_reserve(b, (size_t)n)) {
		vsnprintf(b->base + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

void
buf_truncate(struct buf *b, size_t len)
{
	b->len = len;
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->err = ERR_OK;
}

struct slice
buf_view(const struct buf *b)
{
	/* Empty is not the same as absent. */
	return (struct slice){ b->base != NULL ? b->base : "", b->len };
}

char *
buf_steal(struct buf *b)
{
	char *text, *tight;

	if (!buf_reserve(b, 0)) {
		buf_free(b);
		return NULL;
	}
	text = b->base;
	text[b->len] = '\0';
	/* Shrinking may fail; then the larger block is as good. */
	if ((tight = mem_realloc(text, b->len + 1)) != NULL)
		text = tight;
	b->base = NULL;
	b->len = b->room = 0;
	return text;
}

void
buf_free(struct buf *b)
{
	mem_free(b->base);
	b->base = NULL;
	b->len = b->room = 0;
}

void
buf_wipe(struct buf *b)
{
	mem_wipe_free(b->base, b->base != NULL ? b->room + 1 : 0);
	b->base = NULL;
	b->len = b->room = 0;
}
