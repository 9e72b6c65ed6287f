/* SPDX-License-Identifier: MIT */
/* test_question.c - first lines of questions, and other texts. */
#include "unit/unit.h"

#include "base/mem.h"
#include "cmd/question.h"

static const struct {
	const char *line;
	size_t n;
	uint64_t first, last, sum, input;
} good[] = {
	{ "3 0", 1, 3, 3, 3, 0 },
	{ "0 0", 1, 0, 0, 0, 0 },
	{ "6 2 1 12", 3, 6, 1, 9, 12 },
	{ "003 1099511627776", 1, 3, 3, 3, UINT64_C(1099511627776) },
};

static void
test_good(void **state)
{
	struct question *q = mem_calloc(1, sizeof(*q));
	struct problem p;

	(void)state;
	assert_non_null(q);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(
		    question_parse(q, slice_of(good[i].line), &p), ERR_OK);
		assert_int_equal(q->n, good[i].n);
		assert_int_equal(q->lengths[0], good[i].first);
		assert_int_equal(q->lengths[q->n - 1], good[i].last);
		assert_int_equal(q->args_bytes, good[i].sum);
		assert_int_equal(q->input, good[i].input);
	}
	mem_free(q);
}

static const char *const bad[] = {
	"",
	" ",
	"3",
	"3 ",
	" 3 0",
	"3  0",
	"3 0 ",
	"3\t0",
	"3 0\r",
	"-1 0",
	"+1 0",
	"1.0 0",
	"0x1 0",
	"a 0",
	"3 1099511627777",
	"18446744073709551617 0",
};

static void
test_bad(void **state)
{
	struct question *q = mem_calloc(1, sizeof(*q));

	(void)state;
	assert_non_null(q);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct problem p = { "" };

		q->n = 77;
		assert_int_equal(
		    question_parse(q, slice_of(bad[i]), &p), ERR_SYNTAX);
		assert_string_not_equal(p.text, "");
		assert_int_equal(q->n, 77);
	}
	mem_free(q);
}

/* One argument more than there may be. */
static void
test_many(void **state)
{
	static const size_t numbers[] = { QUESTION_ARGS_MAX + 1,
		QUESTION_ARGS_MAX + 2 };
	struct question *q = mem_calloc(1, sizeof(*q));
	char text[(QUESTION_ARGS_MAX + 2) * 2];

	(void)state;
	assert_non_null(q);
	for (size_t row = 0; row < 2; row++) {
		struct problem p = { "" };
		struct slice line = { text, numbers[row] * 2 - 1 };

		for (size_t i = 0; i < numbers[row]; i++)
			memcpy(text + i * 2, "1 ", 2);
		assert_int_equal(
		    question_parse(q, line, &p), row == 0 ? ERR_OK : ERR_LIMIT);
	}
	assert_int_equal(q->n, QUESTION_ARGS_MAX);
	mem_free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
