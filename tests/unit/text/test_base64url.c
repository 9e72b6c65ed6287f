/* SPDX-License-Identifier: MIT */
/* test_base64url.c - strict base64url: one text for each sequence of bytes. */
#include "unit/unit.h"

#include "text/base64url.h"
#include "unit/mem_fail.h"

static void
test_both_ways(void **state)
{
	static const struct {
		const char *name;
		struct slice bytes;
		const char *text;
	} rows[] = {
		{ "empty", { "", 0 }, "" },
		{ "one byte", { "f", 1 }, "Zg" },
		{ "two bytes", { "fo", 2 }, "Zm8" },
		{ "three bytes", { "foo", 3 }, "Zm9v" },
		{ "six bytes", { "foobar", 6 }, "Zm9vYmFy" },
		{ "both own characters", { "\373\377\277", 3 }, "-_-_" },
		{ "NUL bytes", { "\0\0\0\0", 4 }, "AAAAAA" },
		{ "RFC 7515, appendix C", { "\003\354\377\340\301", 5 },
		    "A-z_4ME" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;

		buf_init(&b, 100);
		base64url_encode(
		    &b, (const uint8_t *)rows[i].bytes.base, rows[i].bytes.len);
		if (b.err != ERR_OK || !slice_is(buf_view(&b), rows[i].text))
			fail_msg("%s: encode", rows[i].name);
		buf_clear(&b);
		buf_text(&b, ">");
		if (base64url_decode(&b, slice_of(rows[i].text)) != ERR_OK ||
		    !slice_eq(slice_after(buf_view(&b), 1), rows[i].bytes))
			fail_msg("%s: decode", rows[i].name);
		buf_free(&b);
	}
}

static void
test_refused(void **state)
{
	static const struct {
		const char *name;
		struct slice text;
	} rows[] = {
		{ "padding", { "Zg==", 4 } },
		{ "one padding", { "Zm8=", 4 } },
		{ "standard alphabet +", { "+_-_", 4 } },
		{ "standard alphabet /", { "-/-_", 4 } },
		{ "one character", { "Z", 1 } },
		{ "five characters", { "Zm9vY", 5 } },
		{ "trailing bit of one byte", { "Zh", 2 } },
		{ "highest trailing bit of one byte", { "Zo", 2 } },
		{ "trailing bit of two bytes", { "Zm9", 3 } },
		{ "line feed inside", { "Zm\n9v", 5 } },
		{ "line feed behind", { "Zm9v\n", 5 } },
		{ "blank in front", { " Zm9v", 5 } },
		{ "exclamation marks", { "Zg!!", 4 } },
		{ "dot", { "Zm.9", 4 } },
		{ "NUL", { "Zm\0v", 4 } },
		{ "byte above ASCII", { "Zm9\366", 4 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;

		buf_init(&b, 100);
		buf_text(&b, "old");
		if (base64url_decode(&b, rows[i].text) != ERR_SYNTAX ||
		    b.err != ERR_OK || !slice_is(buf_view(&b), "old"))
			fail_msg("%s", rows[i].name);
		buf_free(&b);
	}
}

/* Of all four-character texts over a few characters: what decodes is what
 * encoding its bytes gives. */
static void
test_texts_are_unique(void **state)
{
	static const char chars[] = "AQgw_-=+\n";
	struct buf bytes, again;

	(void)state;
	buf_init(&bytes, 100);
	buf_init(&again, 100);
	for (size_t n = 0; n < 9 * 9 * 9 * 9; n++) {
		const char text[] = { chars[n % 9], chars[n / 9 % 9],
			chars[n / 81 % 9], chars[n / 729] };

		for (size_t len = 1; len <= sizeof(text); len++) {
			struct slice s = { text, len };

			buf_clear(&bytes);
			buf_clear(&again);
			if (base64url_decode(&bytes, s) != ERR_OK)
				continue;
			base64url_encode(
			    &again, (const uint8_t *)bytes.base, bytes.len);
			if (!slice_eq(buf_view(&again), s))
				fail_msg("%.*s", SLICE_ARG(s));
		}
	}
	buf_free(&bytes);
	buf_free(&again);
}

static void
test_no_memory_and_no_room(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	mem_fail_at(1);
	assert_int_equal(base64url_decode(&b, slice_of("Zm9v")), ERR_NOMEM);
	assert_true(mem_failed());
	mem_fail_at(1);
	buf_clear(&b);
	base64url_encode(&b, (const uint8_t *)"foo", 3);
	assert_int_equal(b.err, ERR_NOMEM);
	mem_fail_at(0);
	buf_free(&b);

	buf_init(&b, 2);
	assert_int_equal(base64url_decode(&b, slice_of("Zm9v")), ERR_LIMIT);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_texts_are_unique),
		cmocka_unit_test(test_no_memory_and_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
