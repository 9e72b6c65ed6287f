/* SPDX-License-Identifier: MIT */
/* spread.c - evenly over a window, or at random. */
#include "fanout/spread.h"

#include "base/random.h"

struct spread
spread_begin(size_t streams, int64_t now_ms, int64_t length_max_ms)
{
	struct spread s = { now_ms, length_max_ms, streams };

	if (streams < (uint64_t)length_max_ms)
		s.length_ms = (int64_t)streams;
	return s;
}

size_t
spread_left(const struct spread *s, int64_t now_ms)
{
	uint64_t gone =
	    now_ms > s->begin_ms ? (uint64_t)(now_ms - s->begin_ms) : 0;

	if (gone >= (uint64_t)s->length_ms)
		return 0;
	return s->streams - 1 - s->streams * gone / (uint64_t)s->length_ms;
}

uint64_t
spread_random(uint64_t most)
{
	return random_below(most + 1);
}
