/* SPDX-License-Identifier: MIT */
/* bench_histogram.c - counts in steps that grow with the value. */
#include "bench_histogram.h"

#define STEP_BITS 5 /* HISTOGRAM_STEPS is 2 to this power */

static unsigned
step_of(uint64_t value)
{
	unsigned top;

	if (value < HISTOGRAM_STEPS)
		return (unsigned)value;
	top = 63u - (unsigned)__builtin_clzll(value);
	return (top - STEP_BITS + 1) * HISTOGRAM_STEPS +
	       ((unsigned)(value >> (top - STEP_BITS)) & (HISTOGRAM_STEPS - 1));
}

/* The largest value that falls on `step`. */
static uint64_t
value_of(unsigned step)
{
	unsigned shift;

	if (step < HISTOGRAM_STEPS)
		return step;
	shift = step / HISTOGRAM_STEPS - 1;
	return (((uint64_t)HISTOGRAM_STEPS + step % HISTOGRAM_STEPS + 1)
		   << shift) -
	       1;
}

void
histogram_add(struct histogram *h, uint64_t value)
{
	h->n++;
	h->count[step_of(value)]++;
	if (value > h->max)
		h->max = value;
}

uint64_t
histogram_at(const struct histogram *h, unsigned permille)
{
	uint64_t left = h->n * permille / 1000;
	unsigned step = 0;

	if (h->n == 0)
		return 0;
	while (step < 64 * HISTOGRAM_STEPS - 1 && h->count[step] <= left)
		left -= h->count[step++];
	return value_of(step) < h->max ? value_of(step) : h->max;
}
