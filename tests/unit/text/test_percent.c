/* SPDX-License-Identifier: MIT */
/* test_percent.c - percent-encoding there and back. */
#include "unit/unit.h"

#include "text/percent.h"
#include "unit/mem_fail.h"

#define TEXT_MAX 4096

static void
test_encode(void **state)
{
	static const struct {
		const char *name, *in, *want;
	} rows[] = {
		{ "empty", "", "" },
		{ "unreserved", "azAZ09-._~", "azAZ09-._~" },
		{ "URL", "https://a/b?c=d&e#f",
		    "https%3A%2F%2Fa%2Fb%3Fc%3Dd%26e%23f" },
		{ "blank, plus and percent", " +%", "%20%2B%25" },
		{ "other marks", "!*'()", "%21%2A%27%28%29" },
		{ "non-ASCII", "\303\251", "%C3%A9" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;

		buf_init(&b, TEXT_MAX);
		percent_encode(&b, slice_of(rows[i].in));
		if (b.err != ERR_OK || !slice_is(buf_view(&b), rows[i].want))
			fail_msg(
			    "%s: %.*s", rows[i].name, SLICE_ARG(buf_view(&b)));
		buf_free(&b);
	}
}

static void
test_decode(void **state)
{
	static const struct {
		const char *name, *in, *want;
	} rows[] = {
		{ "empty", "", "" },
		{ "both cases of digits", "%c3%A9", "\303\251" },
		{ "plus is itself", "a+b", "a+b" },
		{ "once only", "%2541", "%41" },
		{ "stray", "100%", "100%" },
		{ "cut", "a%4", "a%4" },
		{ "no digits", "%zz%4g", "%zz%4g" },
		{ "stray before a good one", "%%41", "%A" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;

		buf_init(&b, TEXT_MAX);
		percent_decode(&b, slice_of(rows[i].in));
		if (b.err != ERR_OK || !slice_is(buf_view(&b), rows[i].want))
			fail_msg(
			    "%s: %.*s", rows[i].name, SLICE_ARG(buf_view(&b)));
		buf_free(&b);
	}
}

/* Which printable characters a set holds. */
static void
test_sets(void **state)
{
	static const struct {
		const char *name, *members;
		enum percent_set set;
	} rows[] = {
		{ "control", "", PERCENT_CONTROL },
		{ "fragment", " \"<>`", PERCENT_FRAGMENT },
		{ "query", " \"#<>", PERCENT_QUERY },
		{ "special query", " \"#'<>", PERCENT_SPECIAL_QUERY },
		{ "path", " \"#<>?^`{}", PERCENT_PATH },
		{ "userinfo", " \"#/:;<=>?@[\\]^`{|}", PERCENT_USERINFO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int c = 0; c < 256; c++) {
			bool printable = c >= 0x20 && c < 0x7f;
			bool encoded =
			    !printable || strchr(rows[i].members, c) != NULL;
			char byte = (char)c;
			struct buf b;

			buf_init(&b, TEXT_MAX);
			percent_encode_set(
			    &b, (struct slice){ &byte, 1 }, rows[i].set);
			if (b.err != ERR_OK || b.len != (encoded ? 3u : 1u))
				fail_msg("%s: byte %d", rows[i].name, c);
			buf_free(&b);
		}
	}
}

static void
test_sets_leave_what_is_encoded(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, TEXT_MAX);
	percent_encode_set(&b, slice_of("a b\303\251%20%zz?"), PERCENT_PATH);
	assert_true(slice_is(buf_view(&b), "a%20b%C3%A9%20%zz%3F"));
	buf_free(&b);
}

static void
test_every_byte_there_and_back(void **state)
{
	char all[256];
	struct buf there, back;

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	buf_init(&there, TEXT_MAX);
	buf_init(&back, TEXT_MAX);
	percent_encode(&there, (struct slice){ all, sizeof(all) });
	percent_decode(&back, buf_view(&there));
	assert_int_equal(back.err, ERR_OK);
	assert_int_equal(back.len, sizeof(all));
	assert_memory_equal(back.base, all, sizeof(all));
	buf_free(&there);
	buf_free(&back);
}

static void
test_byte(void **state)
{
	(void)state;
	assert_int_equal(percent_byte(slice_of("%00")), 0);
	assert_int_equal(percent_byte(slice_of("%fFx")), 255);
	assert_int_equal(percent_byte(slice_of("%f")), -1);
	assert_int_equal(percent_byte(slice_of("a%20")), -1);
	assert_int_equal(percent_byte(slice_of("%+1")), -1);
	assert_int_equal(percent_byte(slice_of("")), -1);
}

static void
test_no_memory_and_no_room(void **state)
{
	struct buf b;

	(void)state;
	for (long n = 1;; n++) {
		buf_init(&b, TEXT_MAX);
		mem_fail_at(n);
		for (int i = 0; i < 50; i++)
			percent_encode(&b, slice_of("a b"));
		if (!mem_failed())
			break;
		assert_int_equal(b.err, ERR_NOMEM);
		buf_free(&b);
	}
	mem_fail_at(0);
	assert_int_equal(b.err, ERR_OK);
	assert_int_equal(b.len, 250);
	buf_free(&b);

	buf_init(&b, 3);
	percent_encode(&b, slice_of("a b"));
	assert_int_equal(b.err, ERR_LIMIT);
	buf_clear(&b);
	percent_decode(&b, slice_of("%61%62%63%64"));
	assert_int_equal(b.err, ERR_LIMIT);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_sets_leave_what_is_encoded),
		cmocka_unit_test(test_every_byte_there_and_back),
		cmocka_unit_test(test_byte),
		cmocka_unit_test(test_no_memory_and_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
