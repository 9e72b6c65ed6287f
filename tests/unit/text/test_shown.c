/* SPDX-License-Identifier: MIT */
/* test_shown.c - foreign text does nothing to a sentence or a terminal. */
#include "unit/unit.h"

#include "text/shown.h"
#include "unit/mem_fail.h"

static const struct {
	const char *text, *copied, *added;
} rows[] = {
	{ "", "", "" },
	{ "plain text ~", "plain text ~", "plain text ~" },
	{ "a\r\n\tb\fc", "a   b c", "a???b?c" },
	{ "\033[2J", "?[2J", "?[2J" },
	{ "\177", "?", "?" },
	{ "say \"no\"", "say ?no?", "say \"no\"" },
	{ "\303\251", "??", "\303\251" },
	{ "U+009B \302\233m", "U+009B ??m", "U+009B ?m" },
	{ "U+00A0 \302\240", "U+00A0 ??", "U+00A0 \302\240" },
	{ "\302", "?", "\302" },
	{ "0123456789abcdefg", "0123456789abcde", "0123456789abcdefg" },
};

static void
copies_printable_text(void **state)
{
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		shown_copy(out, sizeof(out), slice_of(rows[i].text));
		if (strcmp(out, rows[i].copied) != 0)
			fail_msg("%zu: %s", i, out);
	}
}

static void
adds_text_without_controls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out;

		buf_init(&out, 100);
		shown_add(&out, slice_of(rows[i].text));
		if (!slice_is(buf_view(&out), rows[i].added))
			fail_msg("%zu: %.*s", i, SLICE_ARG(buf_view(&out)));
		buf_free(&out);
	}
}

static void
reports_missing_memory(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	mem_fail_at(1);
	shown_add(&out, slice_of("text"));
	mem_fail_at(0);
	assert_int_equal(out.err, ERR_NOMEM);
	buf_free(&out);
}

static void
shows_a_url_without_its_query(void **state)
{
	(void)state;
	assert_true(slice_is(shown_url("https://h/p"), "https://h/p"));
	assert_true(slice_is(shown_url("https://h/p?a#b"), "https://h/p"));
	assert_true(slice_is(shown_url("https://h/p#a?b"), "https://h/p"));
	assert_true(slice_is(shown_url(""), ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_printable_text),
		cmocka_unit_test(adds_text_without_controls),
		cmocka_unit_test(reports_missing_memory),
		cmocka_unit_test(shows_a_url_without_its_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
