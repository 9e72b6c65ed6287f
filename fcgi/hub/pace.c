/* SPDX-License-Identifier: MIT */
/* pace.c - a timer that ends the streams which are due. */
#include "hub/pace.h"

#include "base/container.h"

#define STEP_MS 1

static void
timer_fire(struct loop_timer *t)
{
	pace_run(CONTAINER(struct pace, timer, t));
}

enum err
pace_init(struct pace *p, struct loop *loop)
{
	p->loop = loop;
	p->timer.fire = timer_fire;
	return loop_timer_set(loop, &p->timer, INT64_MAX);
}

void
pace_begin(struct pace *p, struct fanout *fanout, int64_t window_ms)
{
	p->fanout = fanout;
	p->ends = spread_begin(
	    fanout_subscribers(fanout), loop_now(p->loop), window_ms);
	pace_run(p);
}

bool
pace_hurry(struct pace *p)
{
	const int64_t now = loop_now(p->loop);

	if (spread_left(&p->ends, now) == 0)
		return false;
	p->ends.begin_ms = now - p->ends.length_ms;
	pace_run(p);
	return true;
}

void
pace_run(struct pace *p)
{
	const int64_t now = loop_now(p->loop);
	const size_t left = spread_left(&p->ends, now);

	/* First, while its place is still free. */
	loop_timer_set(
	    p->loop, &p->timer, left > 0 ? now + STEP_MS : INT64_MAX);
	fanout_reduce(p->fanout, left, (uint32_t)p->ends.length_ms);
}

int64_t
pace_end_ms(const struct pace *p)
{
	return p->ends.begin_ms + p->ends.length_ms;
}
