/* SPDX-License-Identifier: MIT */
/* test_spread.c - ends come evenly, and no later than the window does. */
#include "unit/unit.h"

#include "fanout/spread.h"

#define BEGIN_MS 1000

/* At `at_ms` from the beginning `left` may be there. */
static const struct {
	const char *name;
	size_t streams;
	int64_t length_max_ms, at_ms;
	size_t left;
} cases[] = {
	{ "nobody is there", 0, 5000, 0, 0 },
	{ "one ends at once", 1, 5000, 0, 0 },
	{ "the first of two", 2, 5000, 0, 1 },
	{ "the second a millisecond later", 2, 5000, 1, 0 },
	{ "few: one each millisecond", 300, 5000, 100, 199 },
	{ "few: the last", 300, 5000, 298, 1 },
	{ "few: the end", 300, 5000, 299, 0 },
	{ "as many as the window takes", 5000, 5000, 2500, 2499 },
	{ "many: more in each millisecond", 20000, 5000, 1, 19995 },
	{ "many: half of them", 20000, 5000, 2500, 9999 },
	{ "many: the last", 20000, 5000, 4999, 3 },
	{ "many: the end of the window", 20000, 5000, 5000, 0 },
	{ "long after it", 20000, 5000, 1000000, 0 },
	{ "a clock that went back", 300, 5000, -5, 299 },
	{ "no window", 20000, 0, 0, 0 },
	{ "more than fit into 32 bits", 10000000, 60000, 30000, 4999999 },
};

static void
leaves_some(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spread s = spread_begin(
		    cases[i].streams, BEGIN_MS, cases[i].length_max_ms);
		size_t left = spread_left(&s, BEGIN_MS + cases[i].at_ms);

		if (left != cases[i].left)
			fail_msg("%s: %zu, not %zu", cases[i].name, left,
			    cases[i].left);
	}
}

/* Whatever the numbers: never more again, and never many at once. */
static void
is_even(void **state)
{
	(void)state;
	for (size_t n = 1; n < 3000; n += 7) {
		struct spread s = spread_begin(n, BEGIN_MS, 500);
		size_t before = n;

		for (int64_t t = 0; t <= 500; t++) {
			size_t left = spread_left(&s, BEGIN_MS + t);

			assert_true(left <= before);
			assert_true(
			    before - left <= n / 500 + 1 || t == s.length_ms);
			before = left;
		}
		assert_int_equal(before, 0);
	}
}

static void
chooses_at_random(void **state)
{
	bool seen[6] = { false };
	int n = 0;

	(void)state;
	assert_int_equal(spread_random(0), 0);
	while (n < 6) {
		uint64_t r = spread_random(5);

		assert_true(r <= 5);
		n += !seen[r];
		seen[r] = true;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_some),
		cmocka_unit_test(is_even),
		cmocka_unit_test(chooses_at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
