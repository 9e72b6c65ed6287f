/* SPDX-License-Identifier: MIT */
/* pace.h - ends the streams of a hub one after the other. */
#ifndef HUB_PACE_H
#define HUB_PACE_H

#include "fanout/fanout.h"
#include "fanout/spread.h"
#include "wire/loop.h"

/*
 * Owner: loop thread; embedded in the hub.  One stream ends each millisecond,
 * and all within a window; each is asked to come back after a delay that is
 * spread as long again.  The streams that are left are served meanwhile.
 */
struct pace {
	struct loop *loop;
	struct fanout *fanout;
	struct loop_timer timer;
	struct spread ends;
};

/* Take the timer's place in the loop: at the end there may be no memory.
 * ERR_NOMEM. */
enum err pace_init(struct pace *p, struct loop *loop);

/* All streams that are open now, and those that are opened from now on, end
 * within `window_ms`. */
void pace_begin(struct pace *p, struct fanout *fanout, int64_t window_ms);

/* End all that are left at once.  False: there is nothing left to hurry. */
bool pace_hurry(struct pace *p);

/* End those that are due.  The timer does it each millisecond, but a stream
 * that has just been opened may be due already. */
void pace_run(struct pace *p);

/* When the last one ends, by the loop's clock. */
int64_t pace_end_ms(const struct pace *p);

#endif
