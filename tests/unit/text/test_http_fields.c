/* SPDX-License-Identifier: MIT */
/* test_http_fields.c - headers by their names. */
#include "unit/unit.h"

#include "text/http_fields.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_values(void **state)
{
	static const struct {
		const char *name, *head;
		size_t nth;
		const char *want; /* NULL: none */
	} rows[] = {
		{ "one", "HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n", 0, "b" },
		{ "in any case", "x-a: b\r\n", 0, "b" },
		{ "without blanks", "X-A:b\r\n", 0, "b" },
		{ "blanks around", "X-A: \t b c \r\n", 0, "b c" },
		{ "with a colon", "X-A: b:c\r\n", 0, "b:c" },
		{ "empty", "X-A:\r\n", 0, "" },
		{ "a bare LF", "X-A: b\nX-B: c\n", 0, "b" },
		{ "cut off", "X-A: b", 0, "b" },
		{ "the second", "X-A: b\r\nX-B: c\r\nX-A: d\r\n", 1, "d" },
		{ "no third", "X-A: b\r\nX-A: d\r\n", 2, NULL },
		{ "a longer name", "X-AA: b\r\n", 0, NULL },
		{ "a shorter name", "X: b\r\n", 0, NULL },
		{ "no colon", "X-A\r\n", 0, NULL },
		{ "nothing", "", 0, NULL },
		{ "no head", NULL, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice got = http_fields_value(
		    slice_of(rows[i].head), "X-A", rows[i].nth);

		if ((got.base == NULL) != (rows[i].want == NULL) ||
		    !slice_is(got, rows[i].want != NULL ? rows[i].want : ""))
			fail_msg("%s", rows[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
