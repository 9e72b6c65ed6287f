/* SPDX-License-Identifier: MIT */
/* test_err.c - every error has a text, and a problem keeps its sentence. */
#include "unit/unit.h"

#include "base/err.h"

static void
test_every_error_has_its_own_text(void **state)
{
	static const enum err errs[] = {
#define X(name, text) ERR_##name,
		ERR_LIST(X)
#undef X
	};
	const size_t n = sizeof(errs) / sizeof(errs[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(
			    err_text(errs[i]), err_text(errs[j]));
	assert_string_equal(err_text(ERR_NOMEM), "out of memory");
	assert_string_equal(err_text((enum err)n), "unknown error");
	assert_string_equal(err_text((enum err) - 1), "unknown error");
}

static void
test_problem_gives_the_error_back(void **state)
{
	struct problem p = { "old" };

	(void)state;
	assert_int_equal(
	    problem_set(&p, ERR_LIMIT, "%s is over %d.", "x", 7), ERR_LIMIT);
	assert_string_equal(p.text, "x is over 7.");
	assert_int_equal(problem_set(NULL, ERR_IO, "dropped"), ERR_IO);
}

static void
test_problem_is_cut_at_its_size(void **state)
{
	char text[2 * PROBLEM_MAX];
	struct problem p;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	problem_set(&p, ERR_IO, "%s", text);
	assert_int_equal(strlen(p.text), PROBLEM_MAX - 1);
}

static void
test_problem_may_quote_itself(void **state)
{
	struct problem p = { "no such file" };

	(void)state;
	problem_set(&p, ERR_IO, "a.conf: %s", p.text);
	assert_string_equal(p.text, "a.conf: no such file");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_error_has_its_own_text),
		cmocka_unit_test(test_problem_gives_the_error_back),
		cmocka_unit_test(test_problem_is_cut_at_its_size),
		cmocka_unit_test(test_problem_may_quote_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
