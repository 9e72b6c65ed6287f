/* SPDX-License-Identifier: MIT */
/* fuzz_sse.c - the same events in one piece and byte by byte. */
#include <stdlib.h>

#include "base/buf.h"
#include "text/sse.h"

#define STREAM_MAX (16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	size_t events;
	struct buf id, type, data; /* the last event's */
};

static bool
has(struct slice s, char c)
{
	return memchr(s.base, c, s.len) != NULL;
}

static void
note(void *arg, const struct sse_event *e)
{
	struct seen *seen = arg;

	if (has(e->id, '\n') || has(e->id, '\r') || has(e->id, '\0') ||
	    has(e->type, '\n') || has(e->type, '\r') || has(e->data, '\r'))
		abort();
	seen->events++;
	buf_clear(&seen->id);
	buf_slice(&seen->id, e->id);
	buf_clear(&seen->type);
	buf_slice(&seen->type, e->type);
	buf_clear(&seen->data);
	buf_slice(&seen->data, e->data);
}

static void
read_all(struct seen *seen, struct slice text, size_t piece)
{
	struct sse *s = NULL;

	*seen = (struct seen){ .events = 0 };
	buf_init(&seen->id, STREAM_MAX);
	buf_init(&seen->type, STREAM_MAX);
	buf_init(&seen->data, STREAM_MAX);
	if (sse_new(&s, STREAM_MAX, note, seen) != ERR_OK)
		abort();
	while (text.len > 0) {
		size_t n = text.len < piece ? text.len : piece;

		if (sse_feed(s, (struct slice){ text.base, n }) != ERR_OK)
			abort();
		text = slice_after(text, n);
	}
	if (sse_retry_ms(s, 0) > 24 * 3600 * 1000)
		abort();
	sse_free(s);
}

static void
seen_free(struct seen *seen)
{
	buf_free(&seen->id);
	buf_free(&seen->type);
	buf_free(&seen->data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct seen whole, bytes;

	read_all(&whole, text, size + 1);
	read_all(&bytes, text, 1);
	if (whole.events != bytes.events ||
	    !slice_eq(buf_view(&whole.id), buf_view(&bytes.id)) ||
	    !slice_eq(buf_view(&whole.type), buf_view(&bytes.type)) ||
	    !slice_eq(buf_view(&whole.data), buf_view(&bytes.data)))
		abort();
	seen_free(&whole);
	seen_free(&bytes);
	return 0;
}
