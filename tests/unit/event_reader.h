/* SPDX-License-Identifier: MIT */
/* event_reader.h - reads text/event-stream as a browser does: the oracle. */
#ifndef EVENT_READER_H
#define EVENT_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* The HTML standard's "interpreting an event stream", written byte by byte
 * and without a look at event.c.  The fields are the last event's. */
struct event_reader {
	struct buf line, id, type, data;
	uint64_t retry_ms;
	bool has_retry, after_cr;
	size_t events;
};

void event_reader_init(struct event_reader *r);
void event_reader_feed(struct event_reader *r, struct slice bytes);
void event_reader_free(struct event_reader *r);

/* Add data as a browser hands it to a page: CR and CRLF become LF. */
void event_reader_normalize(struct buf *out, struct slice data);

#endif
