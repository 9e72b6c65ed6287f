/* SPDX-License-Identifier: MIT */
/* test_judge.c - verdicts on times, and on what a silent stream said. */
#include "unit/unit.h"

#include "check/judge.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NEVER 0

static void
test_verdicts(void **state)
{
	static const struct {
		const char *name;
		struct check_timing t;
		enum check_verdict want;
	} rows[] = {
		{ "all at once",
		    { 10, NEVER, { 100, 350, 600, 850 },
			{ 101, 352, 601, 850 } },
		    CHECK_IS_LIVE },
		{ "a busy machine",
		    { 10, NEVER, { 100, 350, 600, 850 },
			{ 900, 900, 1600, 1600 } },
		    CHECK_IS_LIVE },
		{ "faster than the answer to who published",
		    { 10, NEVER, { 100, 350, 600, 850 },
			{ 99, 349, 599, 849 } },
		    CHECK_IS_LIVE },
		{ "in one lump",
		    { 10, NEVER, { 100, 350, 600, 850 },
			{ 860, 860, 870, 870 } },
		    CHECK_IS_BATCHED },
		{ "published in one lump, too",
		    { 10, NEVER, { 100, 100, 110, 110 },
			{ 111, 111, 112, 112 } },
		    CHECK_IS_LIVE },
		{ "late",
		    { 10, NEVER, { 100, 350, 600, 850 },
			{ 101, 352, 2601, 2850 } },
		    CHECK_IS_SLOW },
		{ "one of them is missing",
		    { 10, NEVER, { 100, 350, 600, 850 }, { 101, 352, 601, 0 } },
		    CHECK_IS_SLOW },
		{ "nothing", { NEVER, NEVER, { 100, 350, 600, 850 }, { 0 } },
		    CHECK_IS_HELD },
		{ "only what opens it", { 10, NEVER, { 100, 350 }, { 0 } },
		    CHECK_IS_DEAF },
		{ "ends with the first", { 10, 102, { 100 }, { 101 } },
		    CHECK_IS_POLLED },
		{ "is held, and ends with the first",
		    { 102, 102, { 100 }, { 102 } }, CHECK_IS_POLLED },
		{ "ends with all of them",
		    { 10, 900, { 100, 350, 600, 850 }, { 101, 351, 601, 851 } },
		    CHECK_IS_LIVE },
		{ "ends", { 10, 99, { 0 }, { 0 } }, CHECK_IS_CUT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (check_judge(&rows[i].t) != rows[i].want)
			fail_msg("%s: %d", rows[i].name,
			    (int)check_judge(&rows[i].t));
}

static void
test_delays(void **state)
{
	static const struct {
		const char *name;
		struct check_timing t;
		int64_t least_ms, most_ms;
	} rows[] = {
		{ "some", { 1, 0, { 100, 350, 600 }, { 103, 359, 0 } }, 3, 9 },
		{ "none", { 1, 0, { 100 }, { 0 } }, 0, 0 },
		{ "before it was over", { 1, 0, { 100 }, { 98 } }, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t least_ms, most_ms;

		check_delays(&least_ms, &most_ms, &rows[i].t);
		if (least_ms != rows[i].least_ms || most_ms != rows[i].most_ms)
			fail_msg("%s", rows[i].name);
	}
}

#define OPENING ":\n\nretry: 3000\n\nid: #a\n\n"

static void
test_silence(void **state)
{
	static const struct {
		const char *name, *body;
		struct check_silence want;
	} rows[] = {
		{ "nothing", "", { 0, 0, false, false } },
		{ "what opens it", OPENING, { 0, 0, false, false } },
		{ "two keep-alives", OPENING ":\n\n:\n\n",
		    { 2, sizeof(OPENING) + 3, false, false } },
		{ "with words", OPENING ": hello\n\n",
		    { 1, sizeof(OPENING) + 6, false, false } },
		{ "the log has moved", OPENING "id: #b\n\n:\n\n",
		    { 2, sizeof(OPENING) + 8, false, false } },
		{ "the hub ends it", OPENING ":\n\nid: #b\n\n",
		    { 2, sizeof(OPENING) + 8, true, false } },
		{ "with CRLF", ":\r\n\r\nid: a\r\n\r\n:\r\n\r\n",
		    { 1, 15, false, false } },
		{ "a page in it",
		    OPENING "<!DOCTYPE HTML PUBLIC \"x\">\n<html>\n",
		    { 0, 0, false, true } },
		{ "a page without a type", OPENING "<HTML>",
		    { 0, 0, false, true } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct check_silence *want = &rows[i].want;
		struct check_silence got =
		    check_silence_read(slice_of(rows[i].body));

		if (got.keepalives != want->keepalives ||
		    got.last_end != want->last_end ||
		    got.said_farewell != want->said_farewell ||
		    got.has_page != want->has_page)
			fail_msg("%s: %zu %zu %d %d", rows[i].name,
			    got.keepalives, got.last_end, got.said_farewell,
			    got.has_page);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
