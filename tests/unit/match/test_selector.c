/* SPDX-License-Identifier: MIT */
/* test_selector.c - selectors of different kinds in one text. */
#include "unit/unit.h"

#include "match/selector.h"
#include "unit/mem_fail.h"

static struct selector
exact(const char *text)
{
	return (struct selector){ SELECTOR_EXACT, slice_of(text) };
}

static struct selector
topic(const char *text)
{
	return selector_topic(slice_of(text));
}

static void
kinds_are_told_apart(void **state)
{
	(void)state;
	assert_true(selector_eq(topic("a"), topic("a")));
	assert_false(selector_eq(topic("a"), topic("b")));
	assert_false(selector_eq(topic("a"), exact("a")));
}

/* The database has these bytes. */
static void
a_list_keeps_kinds(void **state)
{
	struct selector s;
	struct slice rest;
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	selector_list_add(&b, topic("a"));
	selector_list_add(&b, exact("*"));
	selector_list_add(&b, topic("c"));
	rest = buf_view(&b);
	assert_true(slice_is(rest, "a\n\001*\nc"));
	assert_true(
	    selector_list_next(&rest, &s) && selector_eq(s, topic("a")));
	assert_true(
	    selector_list_next(&rest, &s) && selector_eq(s, exact("*")));
	assert_true(
	    selector_list_next(&rest, &s) && selector_eq(s, topic("c")));
	assert_false(selector_list_next(&rest, &s));

	assert_true(selector_list_has(buf_view(&b), exact("*")));
	assert_false(selector_list_has(buf_view(&b), topic("*")));
	assert_false(selector_list_has(slice_of(NULL), topic("*")));
	buf_free(&b);
}

static void
odd_lists_are_read(void **state)
{
	static const struct {
		const char *list;
		int kind;
		const char *text;
	} rows[] = {
		{ "\001", SELECTOR_EXACT, "" },
		{ "\037x", 31, "x" },
		{ " x", SELECTOR_TOPIC, " x" },
		{ "\x7fx", SELECTOR_TOPIC, "\x7fx" },
		{ "\xc3\xa4", SELECTOR_TOPIC, "\xc3\xa4" },
		{ "\nx", SELECTOR_TOPIC, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice rest = slice_of(rows[i].list);
		struct selector s;

		assert_true(selector_list_next(&rest, &s));
		assert_int_equal(s.kind, rows[i].kind);
		assert_true(slice_is(s.text, rows[i].text));
	}
}

static void
a_set_is_sorted(void **state)
{
	struct selector v[] = { topic("b"), topic("a/{id}"), exact("b"),
		topic("b"), topic("*"), topic("a"), exact("b") };
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	selector_list_add_set(&b, v, sizeof(v) / sizeof(v[0]));
	assert_true(slice_is(buf_view(&b), "*\na\na/{id}\nb\n\001b"));
	buf_clear(&b);
	selector_list_add_set(&b, NULL, 0);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void
lists_are_joined_and_parted(void **state)
{
	static const struct {
		const char *list, *other, *join, *without;
		size_t join_n, without_n;
	} rows[] = {
		{ NULL, NULL, "", "", 0, 0 },
		{ "", "a", "a", "", 1, 0 },
		{ "a", NULL, "a", "a", 1, 1 },
		{ "a\nb", "b\nc", "a\nb\nc", "a", 3, 1 },
		{ "a", "b\nb\na\nb", "a\nb", "", 2, 0 },
		{ "a\nb\nc", "b", "a\nb\nc", "a\nc", 3, 2 },
		{ "ab", "a", "ab\na", "ab", 2, 1 },
		{ "a\nb", "a\nb", "a\nb", "", 2, 0 },
		{ "a\n\001b", "b", "a\n\001b\nb", "a\n\001b", 3, 2 },
		{ "a\n\001b", "\001b", "a\n\001b", "a", 2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct slice list = slice_of(rows[i].list);
		const struct slice other = slice_of(rows[i].other);
		struct buf b;

		buf_init(&b, 100);
		assert_int_equal(
		    selector_list_join(&b, list, other), rows[i].join_n);
		assert_true(slice_is(buf_view(&b), rows[i].join));
		buf_clear(&b);
		assert_int_equal(
		    selector_list_without(&b, list, other), rows[i].without_n);
		assert_true(slice_is(buf_view(&b), rows[i].without));
		buf_free(&b);
	}
}

static void
survives_no_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct selector v[] = { topic("b"), exact("a") };
		struct buf b;

		buf_init(&b, 100);
		mem_fail_at(n);
		selector_list_add_set(&b, v, 2);
		selector_list_join(&b, slice_of("c"), slice_of("d"));
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(b.err, failed ? ERR_NOMEM : ERR_OK);
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_told_apart),
		cmocka_unit_test(a_list_keeps_kinds),
		cmocka_unit_test(odd_lists_are_read),
		cmocka_unit_test(a_set_is_sorted),
		cmocka_unit_test(lists_are_joined_and_parted),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
