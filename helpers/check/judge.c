/* SPDX-License-Identifier: MIT */
/* judge.c - rules about times and about bytes, without a clock. */
#include "check/judge.h"

#include <strings.h>

/* Bytes that came within this time came together. */
#define TOGETHER_MS 50

void
check_delays(int64_t *least_ms, int64_t *most_ms, const struct check_timing *t)
{
	*least_ms = INT64_MAX;
	*most_ms = 0;
	for (size_t i = 0; i < CHECK_UPDATES; i++) {
		int64_t ms = t->arrived_ms[i] - t->published_ms[i];

		if (t->arrived_ms[i] == 0 || t->published_ms[i] == 0)
			continue;
		/* The hub may be faster than the answer to a publish. */
		if (ms < 0)
			ms = 0;
		if (ms < *least_ms)
			*least_ms = ms;
		if (ms > *most_ms)
			*most_ms = ms;
	}
	if (*least_ms > *most_ms)
		*least_ms = *most_ms;
}

/* Did they come in one lump, although they were published one by one? */
static bool
came_together(const struct check_timing *t)
{
	const size_t last = CHECK_UPDATES - 1;

	return t->arrived_ms[last] - t->arrived_ms[0] <= TOGETHER_MS &&
	       t->published_ms[last] - t->published_ms[0] > 4 * TOGETHER_MS;
}

enum check_verdict
check_judge(const struct check_timing *t)
{
	int64_t least_ms, most_ms;
	size_t arrived = 0;

	for (size_t i = 0; i < CHECK_UPDATES; i++)
		arrived += t->arrived_ms[i] != 0;
	if (t->end_ms != 0 && arrived < CHECK_UPDATES)
		return arrived > 0 ? CHECK_IS_POLLED : CHECK_IS_CUT;
	if (t->first_ms == 0)
		return CHECK_IS_HELD;
	if (arrived == 0)
		return CHECK_IS_DEAF;
	if (arrived < CHECK_UPDATES)
		return CHECK_IS_SLOW;
	if (came_together(t))
		return CHECK_IS_BATCHED;
	check_delays(&least_ms, &most_ms, t);
	return most_ms > CHECK_SLOW_MS ? CHECK_IS_SLOW : CHECK_IS_LIVE;
}

static bool
begins_page(struct slice line)
{
	static const char *const starts[] = { "<!DOCTYPE", "<html" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (line.len >= strlen(starts[i]) &&
		    strncasecmp(line.base, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/*
 * Streams open with a comment and with a position, a frame that is nothing but
 * an id.  A keep-alive is another comment, or another position if the log has
 * moved; the hub's own end is a position, too.
 */
struct check_silence
check_silence_read(struct slice body)
{
	struct check_silence s = { 0 };
	struct slice rest = body, line;
	size_t comments = 0, ids = 0;
	const char *at;

	while (at = rest.base, slice_cut(&rest, '\n', &line)) {
		const bool is_id = slice_starts(line, "id:");

		if (line.len > 0 && line.base[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0)
			continue;
		s.has_page = s.has_page || begins_page(line);
		s.said_farewell = is_id && ids > 0;
		if (is_id ? ids++ > 0 : line.base[0] == ':' && comments++ > 0) {
			s.keepalives++;
			s.last_end = (size_t)(at - body.base) + line.len;
		}
	}
	return s;
}
