/* SPDX-License-Identifier: MIT */
/* spread.h - so many that do the same do not all do it at the same time. */
#ifndef FANOUT_SPREAD_H
#define FANOUT_SPREAD_H

#include <stddef.h>
#include <stdint.h>

/* Streams that are ended one after the other. */
struct spread {
	int64_t begin_ms;
	int64_t length_ms;
	size_t streams;
};

/* From `now_ms` on, one each millisecond; `length_max_ms` at most in all. */
struct spread spread_begin(
    size_t streams, int64_t now_ms, int64_t length_max_ms);

/* How many of them may be left at `now_ms`.  The first ends at once. */
size_t spread_left(const struct spread *s, int64_t now_ms);

/* A random number from 0 to `most`, which is below UINT64_MAX. */
uint64_t spread_random(uint64_t most);

#endif
