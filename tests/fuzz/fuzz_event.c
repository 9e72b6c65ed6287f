/* SPDX-License-Identifier: MIT */
/* fuzz_event.c - any data comes back out of an event, and nothing else. */
#include <stdlib.h>

#include "mercure/event.h"
#include "unit/event_reader.h"

#define EVENT_MAX (64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct update u = { .id = slice_of("1"),
		.data = { (const char *)data, size } };
	struct event_reader r;
	struct buf bytes, want;

	buf_init(&bytes, EVENT_MAX);
	buf_init(&want, EVENT_MAX);
	event_encode(&bytes, &u);
	event_reader_init(&r);
	event_reader_feed(&r, buf_view(&bytes));
	event_reader_normalize(&want, u.data);
	if (bytes.err != ERR_OK || r.events != 1 || r.line.len != 0 ||
	    r.type.len != 0 || r.has_retry || !slice_is(buf_view(&r.id), "1") ||
	    !slice_eq(buf_view(&r.data), buf_view(&want)))
		abort();
	event_reader_free(&r);
	buf_free(&bytes);
	buf_free(&want);
	return 0;
}
