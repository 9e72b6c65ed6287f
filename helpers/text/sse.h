/* SPDX-License-Identifier: MIT */
/* sse.h - reads text/event-stream as it arrives (HTML standard). */
#ifndef TEXT_SSE_H
#define TEXT_SSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* A longer id goes with its event, but no header would bring it back: the one
 * before stays for Last-Event-ID, and some updates come twice. */
#define SSE_LAST_ID_MAX 8000

/* Borrowed for the length of the call; none has base NULL. */
struct sse_event {
	struct slice id;   /* the last one that the stream sent */
	struct slice type; /* empty: message */
	struct slice data;
};

typedef void sse_event_fn(void *arg, const struct sse_event *e);

struct sse; /* one thread at a time */

/* `size_max` bounds a line and an event's data, in bytes.  Free with
 * sse_free().  ERR_NOMEM. */
enum err sse_new(
    struct sse **out, size_t size_max, sse_event_fn *each, void *arg);

/*
 * Read on and hand out each event that is whole: one whose blank line came,
 * and that has data.  What the standard ignores is ignored.  ERR_LIMIT: a
 * line, or an event, has more than `size_max` bytes.  ERR_NOMEM.  After a
 * failure all that is left to do is sse_free().
 */
enum err sse_feed(struct sse *s, struct slice bytes);

/* Another stream begins: what was not whole is dropped, the id stays. */
void sse_restart(struct sse *s);

/* For Last-Event-ID: the id as of the last blank line, or the one before if it
 * has more than SSE_LAST_ID_MAX bytes; empty: none.  Borrowed until the next
 * call. */
struct slice sse_last_id(const struct sse *s);

/* The reconnection time that the stream sent, at most a day; `absent` if it
 * sent none. */
uint32_t sse_retry_ms(const struct sse *s, uint32_t absent);

void sse_free(struct sse *s); /* NULL is allowed */

#endif
