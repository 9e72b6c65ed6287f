/* SPDX-License-Identifier: MIT */
/* test_buf.c - growth, the hard maximum and the sticky error. */
#include "unit/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "unit/mem_fail.h"

static void
test_all_writers(void **state)
{
	struct buf b;
	char *grown;

	(void)state;
	buf_init(&b, 100);
	buf_add(&b, "ab\0c", 4);
	buf_slice(&b, slice_of("d"));
	buf_slice(&b, slice_of(NULL));
	buf_text(&b, "ef");
	buf_byte(&b, 'g');
	buf_printf(&b, "%d-%s", 7, "h");
	grown = buf_grow(&b, 2);
	assert_non_null(grown);
	memcpy(grown, "ij", 2);
	assert_int_equal(b.err, ERR_OK);
	assert_true(
	    slice_eq(buf_view(&b), (struct slice){ "ab\0cdefg7-hij", 13 }));
	buf_free(&b);
}

static void
test_maximum_is_hard(void **state)
{
	static const struct {
		const char *name;
		size_t max, add;
		enum err want;
	} rows[] = {
		{ "nothing fits into nothing", 0, 0, ERR_OK },
		{ "one byte too many for nothing", 0, 1, ERR_LIMIT },
		{ "exactly full", 10, 10, ERR_OK },
		{ "one over", 10, 11, ERR_LIMIT },
		{ "above the first room", 65, 65, ERR_OK },
		{ "much over", 10, 1000, ERR_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;

		buf_init(&b, rows[i].max);
		for (size_t n = 0; n < rows[i].add; n++)
			buf_byte(&b, 'x');
		if (b.err != rows[i].want || b.len > rows[i].max)
			fail_msg("%s, by bytes", rows[i].name);
		buf_clear(&b);
		buf_printf(&b, "%*s", (int)rows[i].add, "");
		if (b.err != rows[i].want)
			fail_msg("%s, by printf", rows[i].name);
		buf_free(&b);
	}
}

static void
test_error_sticks_until_cleared(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	buf_text(&b, "abc");
	buf_text(&b, "de");
	buf_byte(&b, 'f'); /* would fit, but the text would have a hole */
	assert_int_equal(b.err, ERR_LIMIT);
	assert_true(slice_is(buf_view(&b), "abc"));
	assert_null(buf_grow(&b, 1));
	buf_clear(&b);
	buf_text(&b, "gh");
	assert_int_equal(b.err, ERR_OK);
	assert_true(slice_is(buf_view(&b), "gh"));
	buf_free(&b);
}

static void
test_truncate(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	buf_truncate(&b, 0);
	buf_text(&b, "abcd");
	buf_truncate(&b, 1);
	buf_text(&b, "ef");
	assert_true(slice_is(buf_view(&b), "aef"));
	buf_text(&b, "gh");
	buf_truncate(&b, 2);
	assert_int_equal(b.err, ERR_LIMIT);
	buf_free(&b);
}

static void
test_huge_length_does_not_wrap(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX - 1);
	buf_text(&b, "abc");
	assert_null(buf_grow(&b, SIZE_MAX - 2));
	assert_int_equal(b.err, ERR_LIMIT);
	buf_free(&b);
}

static void
test_steal(void **state)
{
	struct buf b;
	char *text;

	(void)state;
	buf_init(&b, 8);
	text = buf_steal(&b);
	assert_string_equal(text, "");
	mem_free(text);

	buf_text(&b, "12345678");
	text = buf_steal(&b);
	assert_string_equal(text, "12345678");
	mem_free(text);
	assert_int_equal(b.len, 0);
	assert_null(b.base);

	buf_text(&b, "123456789");
	assert_null(buf_steal(&b));
	assert_int_equal(b.err, ERR_LIMIT);
}

static void
test_freeing_is_always_allowed(void **state)
{
	struct buf b = { .len = 0 };

	(void)state;
	buf_free(&b);
	buf_wipe(&b);
	buf_init(&b, 100);
	buf_text(&b, "secret");
	buf_wipe(&b);
	assert_null(b.base);
	assert_int_equal(b.len, 0);
	assert_true(slice_is(buf_view(&b), ""));
	assert_non_null(buf_view(&b).base);
}

static void
test_no_memory(void **state)
{
	(void)state;
	for (long n = 1;; n++) {
		struct buf b;
		char *text;

		buf_init(&b, 1000);
		mem_fail_at(n);
		for (int i = 0; i < 100; i++)
			buf_printf(&b, "%d,", i);
		text = buf_steal(&b);
		if (!mem_failed()) {
			assert_non_null(text);
			assert_int_equal(strlen(text), 290);
			mem_free(text);
			break;
		}
		/* Only the last one, which shrinks, may fail unseen. */
		assert_true(text != NULL || b.err == ERR_NOMEM);
		mem_free(text);
		assert_null(b.base);
	}
	mem_fail_at(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_writers),
		cmocka_unit_test(test_maximum_is_hard),
		cmocka_unit_test(test_error_sticks_until_cleared),
		cmocka_unit_test(test_truncate),
		cmocka_unit_test(test_huge_length_does_not_wrap),
		cmocka_unit_test(test_steal),
		cmocka_unit_test(test_freeing_is_always_allowed),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
