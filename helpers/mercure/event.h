/* SPDX-License-Identifier: MIT */
/* event.h - the bytes of text/event-stream (HTML standard). */
#ifndef MERCURE_EVENT_H
#define MERCURE_EVENT_H

#include <stdint.h>

#include "base/buf.h"
#include "mercure/update.h"

/*
 * Add one event: id, event (type), retry, data, blank line.  Data is split
 * at CR, LF and CRLF and nowhere else, one `data:` line each; there is always
 * at least one, so that browsers fire the event.  The update is one that
 * update_new() accepted, so no other field can break a line.
 */
void event_encode(struct buf *out, const struct update *u);

/* Write one event without a buffer: `write` gets its bytes in pieces, in
 * order. */
typedef void event_write_fn(void *arg, struct slice piece);
void event_write(const struct update *u, event_write_fn *write, void *arg);

/* Add a comment without text (":" and a blank line): keeps a stream alive. */
void event_comment(struct buf *out);

/* Add `retry: ms` and a blank line: no event fires. */
void event_retry(struct buf *out, uint32_t ms);

/* Add `id: ID` and a blank line: no event fires, yet the browser gives the
 * id back as Last-Event-ID when it connects again. */
void event_cursor(struct buf *out, struct slice id);

#endif
