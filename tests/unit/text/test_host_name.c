/* SPDX-License-Identifier: MIT */
/* test_host_name.c - what is a host name, and what only looks like one. */
#include "unit/unit.h"

#include "text/host_name.h"

#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name;
	bool valid, gap;
} cases[] = {
	{ "example.com", true, false },
	{ "Example.COM", true, false },
	{ "localhost", true, false },
	{ "a", true, false },
	{ "xn--bcher-kva.example", true, false },
	{ "a-b.c--d.example", true, false },
	{ "1.example", true, false },
	{ SIXTY "abc.example", true, false },
	{ SIXTY "." SIXTY "." SIXTY "." SIXTY "." TEN ".a", false, false },
	{ SIXTY "." SIXTY "." SIXTY "." SIXTY ".abcdefghi", true, false },
	{ SIXTY "." SIXTY "." SIXTY "." SIXTY "." TEN, false, false },
	{ SIXTY "abcd.example", false, false },
	{ "", false, true },
	{ ".", false, true },
	{ "..", false, true },
	{ ".a", false, true },
	{ "a.", false, false },
	{ "a..", false, true },
	{ "a..b", false, true },
	{ "-", false, false },
	{ "-a.example", false, false },
	{ "a-.example", false, false },
	{ "a.-b", false, false },
	{ "a.b-", false, false },
	{ "a_b.example", false, false },
	{ "*.example", false, false },
	{ "a b", false, false },
	{ "a:80", false, false },
	{ "[::1]", false, false },
	{ "b\xc3\xbc"
	  "cher.example",
	    false, false },
	{ "a@b", false, false },
};

static void
reads_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct slice name = slice_of(cases[i].name);

		if (host_name_is_valid(name) != cases[i].valid)
			fail_msg("%s: valid", cases[i].name);
		if (host_name_has_gap(name) != cases[i].gap)
			fail_msg("%s: gap", cases[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
