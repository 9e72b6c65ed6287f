/* SPDX-License-Identifier: MIT */
/* effort.h - bounds the matching in one round of the loop, and reports when it is much. */
#ifndef EFFORT_H
#define EFFORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Steps (matcher.h) in a round: about a millisecond. */
#define EFFORT_ROUND ((size_t)1 << 20)

/*
 * Owner: loop thread.  Patterns come from strangers, so what an update costs
 * is up to them.  Work that is not done when a round's steps are spent waits
 * for the next round, and whatever else happened meanwhile is seen to first.
 */
struct effort {
	size_t steps;     /* spent in this round */
	int64_t round_ms; /* which round that is: loop_now() */
};

/* Is there effort left in the round that began at `now_ms`? */
bool effort_is_left(struct effort *e, int64_t now_ms);

/* Begin a round's effort afresh: its work was put off for others before. */
void effort_renew(struct effort *e, int64_t now_ms);

#endif
