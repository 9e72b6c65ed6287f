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
	size_t max;          /* steps of a round */
	size_t steps;        /* spent in this round */
	int64_t round_ms;    /* which round that is: loop_now() */
	uint64_t window;     /* spent in the rounds before it, since */
	int64_t window_ms;   /* then */
	int64_t reported_ms; /* when a share was reported last; 0: never */
};

/* `max` 0: EFFORT_ROUND. */
void effort_init(struct effort *e, size_t max, int64_t now_ms);

/* Is there effort left in the round that began at `now_ms`? */
bool effort_is_left(struct effort *e, int64_t now_ms);

/* Begin a round's effort afresh: its work was put off for others before. */
void effort_renew(struct effort *e, int64_t now_ms);

/* The share of the time, in percent, that the last ten seconds or more took,
 * if it is at least EFFORT_SHARE and none was reported for a minute; else 0. */
#define EFFORT_SHARE 25
unsigned effort_report(struct effort *e, int64_t now_ms);

#endif
