/* SPDX-License-Identifier: MIT */
/* judge.h - what the times at which a stream's bytes came tell. */
#ifndef CHECK_JUDGE_H
#define CHECK_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define DOCTOR_UPDATES 4      /* of one round */
#define DOCTOR_SPACING_MS 250 /* between two of them */
#define DOCTOR_SLOW_MS 2000   /* this late is no longer live */

/* All by one clock; 0: it has not happened. */
struct doctor_timing {
	int64_t first_ms; /* of the stream: any byte of it */
	int64_t end_ms;
	int64_t published_ms[DOCTOR_UPDATES];
	int64_t arrived_ms[DOCTOR_UPDATES];
};

enum doctor_verdict {
	DOCTOR_IS_LIVE,
	DOCTOR_IS_BATCHED, /* they came together, long after most were there */
	DOCTOR_IS_SLOW,
	DOCTOR_IS_HELD,    /* nothing came, not even what opens a stream */
	DOCTOR_IS_DEAF,    /* it opened, and none of the updates came */
	DOCTOR_IS_DRAINED, /* it ended with the first that came */
	DOCTOR_IS_CUT      /* it ended without any */
};

enum doctor_verdict doctor_judge(const struct doctor_timing *t);

/* The shortest and the longest way of those that arrived. */
void doctor_delays(
    int64_t *least_ms, int64_t *most_ms, const struct doctor_timing *t);

/* What a silent stream said, and how it ended. */
struct doctor_silence {
	size_t keepalives;
	size_t last_end;    /* where the last of them ends */
	bool said_farewell; /* its last line is such as a hub ends with */
	bool has_page;      /* a server wrote an HTML page into it */
};

struct doctor_silence doctor_silence_read(struct slice body);

#endif
