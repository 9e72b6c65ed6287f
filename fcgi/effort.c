/* SPDX-License-Identifier: MIT */
/* effort.c - counts the steps of a round. */
#include "effort.h"

void
effort_renew(struct effort *e, int64_t now_ms)
{
	e->steps = 0;
	e->round_ms = now_ms;
}

bool
effort_is_left(struct effort *e, int64_t now_ms)
{
	if (e->round_ms != now_ms)
		effort_renew(e, now_ms);
	return e->steps < EFFORT_ROUND;
}
