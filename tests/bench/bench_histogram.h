/* SPDX-License-Identifier: MIT */
/* bench_histogram.h - how often which duration was seen, within 3 percent. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS 32 /* to each power of two */

struct histogram {
	uint64_t n, max;
	uint64_t count[64 * HISTOGRAM_STEPS];
};

void histogram_add(struct histogram *h, uint64_t value);

/* The value that `permille` of all do not exceed; 0 if there are none. */
uint64_t histogram_at(const struct histogram *h, unsigned permille);

#endif
