/* SPDX-License-Identifier: MIT */
/* test_digits.c - which texts are decimal numbers, and which are too great. */
#include "unit/unit.h"

#include "text/digits.h"

#define GREATEST "18446744073709551615"

enum { NONE, GREATER, NUMBER };

static const struct {
	const char *text;
	uint64_t max;
	int kind;
	uint64_t number;
} rows[] = {
	{ "0", UINT64_MAX, NUMBER, 0 },
	{ "7", 7, NUMBER, 7 },
	{ "8", 7, GREATER, 0 },
	{ "10", 7, GREATER, 0 },
	{ "0", 0, NUMBER, 0 },
	{ "1", 0, GREATER, 0 },
	{ "0007", 7, NUMBER, 7 },
	{ "00000000000000000000000000000007", 7, NUMBER, 7 },
	{ "65535", 65535, NUMBER, 65535 },
	{ "65536", 65535, GREATER, 0 },
	{ GREATEST, UINT64_MAX, NUMBER, UINT64_MAX },
	{ "18446744073709551616", UINT64_MAX, GREATER, 0 },
	{ GREATEST "0", UINT64_MAX, GREATER, 0 },
	{ "99999999999999999999999999", UINT64_MAX, GREATER, 0 },
	{ "", 7, NONE, 0 },
	{ NULL, 7, NONE, 0 },
	{ "-1", 7, NONE, 0 },
	{ "+1", 7, NONE, 0 },
	{ " 1", 7, NONE, 0 },
	{ "1 ", 7, NONE, 0 },
	{ "1.5", 7, NONE, 0 },
	{ "0x1", 7, NONE, 0 },
	{ "1e1", 70, NONE, 0 },
	{ "99x", 7, NONE, 0 },
	{ "/", 99, NONE, 0 },
	{ ":", 99, NONE, 0 },
	{ "\331\241", 7, NONE, 0 },
};

#define UNTOUCHED 42

static void
reads_numbers_up_to_a_greatest(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const bool want = rows[i].kind == NUMBER;
		uint64_t n = UNTOUCHED;

		if (digits_parse(&n, slice_of(rows[i].text), rows[i].max) !=
			want ||
		    n != (want ? rows[i].number : UNTOUCHED))
			fail_msg("'%s'", rows[i].text);
	}
}

static void
reads_greater_numbers_as_the_greatest(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint64_t want = rows[i].kind == NUMBER    ? rows[i].number
				      : rows[i].kind == GREATER ? rows[i].max
								: UNTOUCHED;
		uint64_t n = UNTOUCHED;

		if (digits_parse_at_most(&n, slice_of(rows[i].text),
			rows[i].max) != (rows[i].kind != NONE) ||
		    n != want)
			fail_msg("'%s'", rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers_up_to_a_greatest),
		cmocka_unit_test(reads_greater_numbers_as_the_greatest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
