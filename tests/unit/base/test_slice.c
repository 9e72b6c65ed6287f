/* SPDX-License-Identifier: MIT */
/* test_slice.c - cutting, trimming and comparing borrowed bytes. */
#include "unit/unit.h"

#include "base/slice.h"

static void
test_cut(void **state)
{
	static const struct {
		const char *name, *text;
		size_t n;
		const char *parts[4];
	} rows[] = {
		{ "absent has no part", NULL, 0, { NULL } },
		{ "empty is one empty part", "", 1, { "" } },
		{ "no stop", "abc", 1, { "abc" } },
		{ "three parts", "a,b,c", 3, { "a", "b", "c" } },
		{ "stop at both ends", ",a,", 3, { "", "a", "" } },
		{ "stops only", ",,", 3, { "", "", "" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice rest = slice_of(rows[i].text), part;
		size_t n = 0;

		while (slice_cut(&rest, ',', &part)) {
			if (n >= rows[i].n || !slice_is(part, rows[i].parts[n]))
				fail_msg("%s: part %zu", rows[i].name, n);
			n++;
		}
		if (n != rows[i].n || rest.base != NULL)
			fail_msg("%s: %zu parts", rows[i].name, n);
	}
}

static void
test_trim(void **state)
{
	static const struct {
		const char *name, *in, *want;
	} rows[] = {
		{ "nothing to trim", "a b", "a b" },
		{ "blanks and tabs", " \t a\tb\t ", "a\tb" },
		{ "blanks only", " \t ", "" },
		{ "empty", "", "" },
		{ "line breaks stay", "\n a\r", "\n a\r" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!slice_is(slice_trim(slice_of(rows[i].in)), rows[i].want))
			fail_msg("%s", rows[i].name);
	assert_null(slice_trim(slice_of(NULL)).base);
}

static void
test_compare(void **state)
{
	(void)state;
	assert_true(slice_eq(slice_of(NULL), slice_of("")));
	assert_true(slice_is(slice_of("ab"), "ab"));
	assert_false(slice_is(slice_of("ab"), "abc"));
	assert_false(slice_is(slice_of("ab"), "aB"));
	assert_true(slice_starts(slice_of("abc"), "ab"));
	assert_true(slice_starts(slice_of("abc"), ""));
	assert_false(slice_starts(slice_of("a"), "ab"));
	assert_true(slice_is(slice_after(slice_of("abc"), 2), "c"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
