/* SPDX-License-Identifier: MIT */
/* effort.c - counts the steps of a turn. */
#include "fanout/effort.h"

#define STEPS_MS 1000000 /* steps in a millisecond, about */
#define WINDOW_MS 10000
#define SILENCE_MS 60000

void
effort_init(struct effort *e, size_t max, int64_t now_ms)
{
	*e = (struct effort){ .max = max > 0 ? max : EFFORT_TURN,
		.turn_ms = now_ms,
		.window_ms = now_ms };
}

void
effort_refill(struct effort *e, int64_t now_ms)
{
	e->window += e->steps;
	e->steps = 0;
	e->turn_ms = now_ms;
}

bool
effort_is_left(struct effort *e, int64_t now_ms)
{
	if (e->turn_ms != now_ms)
		effort_refill(e, now_ms);
	return e->steps < e->max;
}

unsigned
effort_report(struct effort *e, int64_t now_ms)
{
	const int64_t length_ms = now_ms - e->window_ms;
	uint64_t percent;

	if (length_ms < WINDOW_MS)
		return 0;
	percent = e->window / (STEPS_MS / 100) / (uint64_t)length_ms;
	e->window = 0;
	e->window_ms = now_ms;
	if (percent < EFFORT_SHARE ||
	    (e->reported_ms != 0 && now_ms - e->reported_ms < SILENCE_MS))
		return 0;
	e->reported_ms = now_ms;
	return (unsigned)percent;
}
