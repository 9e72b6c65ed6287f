/* SPDX-License-Identifier: MIT */
/* test_mem.c - the real allocator; all other unit tests link mem_fail.c. */
#include "unit/unit.h"

#include "base/mem.h"

static void
test_calloc_zeroes(void **state)
{
	unsigned char *p = mem_calloc(100, 3);

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(p[i], 0);
	mem_free(p);
}

static void
test_calloc_of_nothing_is_no_failure(void **state)
{
	void *p = mem_calloc(0, 8);

	(void)state;
	assert_non_null(p);
	mem_free(p);
}

static void
test_calloc_sees_the_overflow(void **state)
{
	volatile size_t half = SIZE_MAX / 2;

	(void)state;
	assert_null(mem_calloc(half, 3));
}

static void
test_realloc_keeps_the_content(void **state)
{
	char *p = mem_realloc(NULL, 4);

	(void)state;
	assert_non_null(p);
	memcpy(p, "abc", 4);
	p = mem_realloc(p, 4000);
	assert_non_null(p);
	assert_string_equal(p, "abc");
	mem_free(p);
}

static void
test_text_ends_in_nul(void **state)
{
	static const struct {
		const char *name;
		struct slice in;
		const char *want;
	} rows[] = {
		{ "part of a text", { "abcdef", 3 }, "abc" },
		{ "empty", { "", 0 }, "" },
		{ "not there", { NULL, 0 }, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = mem_text(rows[i].in);

		if (text == NULL || strcmp(text, rows[i].want) != 0)
			fail_msg("%s", rows[i].name);
		mem_free(text);
	}
}

static void
test_wipe_free_takes_null(void **state)
{
	char *p = mem_calloc(1, 16);

	(void)state;
	assert_non_null(p);
	mem_wipe_free(p, 16);
	mem_wipe_free(NULL, 0);
	mem_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calloc_zeroes),
		cmocka_unit_test(test_calloc_of_nothing_is_no_failure),
		cmocka_unit_test(test_calloc_sees_the_overflow),
		cmocka_unit_test(test_realloc_keeps_the_content),
		cmocka_unit_test(test_text_ends_in_nul),
		cmocka_unit_test(test_wipe_free_takes_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
