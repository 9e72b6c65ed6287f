/* SPDX-License-Identifier: MIT */
/* effort.h - bounds the matching in one turn of the event loop. */
#ifndef FANOUT_EFFORT_H
#define FANOUT_EFFORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Steps (matcher.h) in a turn: about a millisecond. */
#define EFFORT_TURN ((size_t)1 << 20)

/*
 * Owner: loop thread.  Patterns come from strangers, so they decide how much
 * work an update takes.  Work that is left when a turn's steps are spent
 * waits for the next turn; other events of the loop are handled in between.
 */
struct effort {
	size_t max;          /* steps of a turn */
	size_t steps;        /* spent in this turn */
	int64_t turn_ms;     /* which turn that is: loop_now() */
	uint64_t window;     /* spent in the turns before it, since */
	int64_t window_ms;   /* then */
	int64_t reported_ms; /* when a share was reported last; 0: never */
};

/* `max` 0: EFFORT_TURN. */
void effort_init(struct effort *e, size_t max, int64_t now_ms);

/* Is there effort left in the turn that began at `now_ms`? */
bool effort_is_left(struct effort *e, int64_t now_ms);

/* Give the turn its full effort again: this work has waited for a turn. */
void effort_refill(struct effort *e, int64_t now_ms);

/* The share of the time, in percent, that the last ten seconds or more took,
 * if it is at least EFFORT_SHARE and none was reported for a minute; else 0. */
#define EFFORT_SHARE 25
unsigned effort_report(struct effort *e, int64_t now_ms);

#endif
