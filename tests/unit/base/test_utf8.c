/* SPDX-License-Identifier: MIT */
/* test_utf8.c - what is UTF-8 (RFC 3629) and what is not. */
#include "unit/unit.h"

#include "base/utf8.h"

static const struct {
	const char *name, *text;
	bool want;
} rows[] = {
	{ "empty", "", true },
	{ "ASCII", "plain text", true },
	{ "longest ASCII and first two-byte", "\177\302\200", true },
	{ "last two-byte", "\337\277", true },
	{ "first three-byte", "\340\240\200", true },
	{ "last before the surrogates", "\355\237\277", true },
	{ "first after the surrogates", "\356\200\200", true },
	{ "last three-byte", "\357\277\277", true },
	{ "first four-byte", "\360\220\200\200", true },
	{ "last code point", "\364\217\277\277", true },
	{ "byte order mark", "\357\273\277a", true },
	{ "behind a long ASCII run", "0123456789abcdef\303\251", true },
	{ "continuation alone", "\200", false },
	{ "overlong two-byte", "\300\200", false },
	{ "overlong two-byte, last", "\301\277", false },
	{ "overlong three-byte", "\340\237\277", false },
	{ "overlong four-byte", "\360\217\277\277", false },
	{ "first surrogate", "\355\240\200", false },
	{ "last surrogate", "\355\277\277", false },
	{ "above the last code point", "\364\220\200\200", false },
	{ "lead byte f5", "\365\200\200\200", false },
	{ "byte fe", "\376", false },
	{ "byte ff", "\377", false },
	{ "cut two-byte", "a\303", false },
	{ "cut three-byte", "\342\202", false },
	{ "cut four-byte", "\360\237\230", false },
	{ "third byte wrong", "\342\202A", false },
	{ "fourth byte wrong", "\360\237\230\300", false },
	{ "second byte is a lead", "\303\303\251", false },
	{ "Latin-1", "caf\351 au lait", false },
	{ "bad behind a long ASCII run", "0123456789abcde\377", false },
};

static void
test_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (utf8_valid(slice_of(rows[i].text)) != rows[i].want)
			fail_msg("%s", rows[i].name);
	assert_true(utf8_valid(slice_of(NULL)));
	assert_true(utf8_valid((struct slice){ "a\0b", 3 }));
}

static const struct {
	const char *name, *text;
	uint32_t point;
	size_t len; /* 0: no character begins here */
} first[] = {
	{ "ASCII", "ab", 'a', 1 },
	{ "two bytes", "\303\251x", 0xe9, 2 },
	{ "three bytes", "\342\202\254x", 0x20ac, 3 },
	{ "last three-byte", "\357\277\277", 0xffff, 3 },
	{ "first four-byte", "\360\220\200\200", 0x10000, 4 },
	{ "last code point", "\364\217\277\277", 0x10ffff, 4 },
	{ "nothing", "", 0, 0 },
	{ "a surrogate", "\355\240\200", 0, 0 },
	{ "cut", "\342\202", 0, 0 },
	{ "continuation alone", "\200", 0, 0 },
};

static void
test_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		struct slice text = slice_of(first[i].text), rest = text;
		uint32_t point = 7;

		if (utf8_next(&rest, &point) != (first[i].len > 0) ||
		    text.len - rest.len != first[i].len ||
		    point != (first[i].len > 0 ? first[i].point : 7))
			fail_msg("%s", first[i].name);
	}
}

/* At every offset in the eight bytes that are seen at a time. */
static void
test_position_does_not_matter(void **state)
{
	char text[64];

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		size_t n = strlen(rows[r].text);

		for (size_t at = 0; at < 17; at++) {
			memset(text, 'x', sizeof(text));
			memcpy(text + at, rows[r].text, n);
			if (utf8_valid((struct slice){ text, at + n + 9 }) !=
			    rows[r].want)
				fail_msg("%s at %zu", rows[r].name, at);
		}
	}
}

static void
test_control(void **state)
{
	static const struct {
		const char *name;
		struct slice text;
		bool want;
	} cases[] = {
		{ "empty", { "", 0 }, false },
		{ "absent", { NULL, 0 }, false },
		{ "blank and tilde", { " ~", 2 }, false },
		{ "non-ASCII", { "\303\251\302\205", 4 }, false },
		{ "NUL", { "a\0", 2 }, true },
		{ "tab", { "\t", 1 }, true },
		{ "line feed", { "abc\n", 4 }, true },
		{ "unit separator", { "\037", 1 }, true },
		{ "delete", { "\177", 1 }, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (utf8_has_control(cases[i].text) != cases[i].want)
			fail_msg("%s", cases[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_position_does_not_matter),
		cmocka_unit_test(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
