/* SPDX-License-Identifier: MIT */
/* bench_sse.h - reads text/event-stream and keeps the last event id. */
#ifndef BENCH_SSE_H
#define BENCH_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define SSE_ID_MAX 79
#define SSE_LINE_MAX 159 /* what is kept of a line, and of an event's data */

/* Zero it first.  Of data only the first line's beginning is kept. */
struct sse {
	char last_id[SSE_ID_MAX + 1]; /* of the last whole event or cursor */
	char next_id[SSE_ID_MAX + 1]; /* of the event that is coming */
	char line[SSE_LINE_MAX + 1];
	char data[SSE_LINE_MAX + 1];
	uint16_t line_len, data_len;
	bool has_data, has_id;
};

/* `data`: the beginning of the event's first line. */
typedef void sse_event_fn(void *arg, struct slice data);

void sse_feed(struct sse *s, struct slice bytes, sse_event_fn *f, void *arg);

/* The connection is gone: forget what was not whole, keep last_id. */
void sse_restart(struct sse *s);

#endif
