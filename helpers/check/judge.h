/* SPDX-License-Identifier: MIT */
/* judge.h - judges a stream by the times at which its bytes arrived. */
#ifndef CHECK_JUDGE_H
#define CHECK_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define CHECK_UPDATES 4      /* of one round */
#define CHECK_SPACING_MS 250 /* between two of them */
#define CHECK_SLOW_MS 2000   /* this late is no longer live */

/* All by one clock; 0: it has not happened. */
struct check_timing {
	int64_t first_ms; /* of the stream: any byte of it */
	int64_t end_ms;
	int64_t published_ms[CHECK_UPDATES];
	int64_t arrived_ms[CHECK_UPDATES];
};

enum check_verdict {
	CHECK_IS_LIVE,
	CHECK_IS_BATCHED, /* they came together, long after most were there */
	CHECK_IS_SLOW,
	CHECK_IS_HELD,   /* nothing came, not even what opens a stream */
	CHECK_IS_DEAF,   /* it opened, and none of the updates came */
	CHECK_IS_POLLED, /* it ended with the first that came */
	CHECK_IS_CUT     /* it ended without any */
};

enum check_verdict check_judge(const struct check_timing *t);

/* The shortest and the longest way of those that arrived. */
void check_delays(
    int64_t *least_ms, int64_t *most_ms, const struct check_timing *t);

/* The keep-alives of a silent stream, and how it ended. */
struct check_silence {
	size_t keepalives;
	size_t last_end;    /* where the last of them ends */
	bool said_farewell; /* its last line is such as a hub ends with */
	bool has_page;      /* a server wrote an HTML page into it */
};

struct check_silence check_silence_read(struct slice body);

#endif
