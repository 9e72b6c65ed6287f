/* SPDX-License-Identifier: MIT */
/* test_form.c - application/x-www-form-urlencoded, the WHATWG way. */
#include "unit/unit.h"

#include "base/mem.h"
#include "text/form.h"
#include "unit/mem_fail.h"

#define FIELDS_MAX 8

struct row {
	const char *name, *text;
	size_t n;
	const char *pairs[FIELDS_MAX][2];
};

static const struct row rows[] = {
	{ "empty", "", 0, { { NULL } } },
	{ "one field", "a=b", 1, { { "a", "b" } } },
	{ "order and repetition stay", "t=1&u=2&t=3", 3,
	    { { "t", "1" }, { "u", "2" }, { "t", "3" } } },
	{ "without =", "a&b", 2, { { "a", "" }, { "b", "" } } },
	{ "empty name", "=b", 1, { { "", "b" } } },
	{ "only =", "=", 1, { { "", "" } } },
	{ "second = belongs to the value", "a=b=c", 1, { { "a", "b=c" } } },
	{ "empty pieces are skipped", "&&a=b&&", 1, { { "a", "b" } } },
	{ "; does not separate", "a=b;c=d", 1, { { "a", "b;c=d" } } },
	{ "plus is a blank", "a+b=+c+", 1, { { "a b", " c " } } },
	{ "encoded plus stays", "a=%2B", 1, { { "a", "+" } } },
	{ "percent in name and value", "%61=%c3%A9", 1,
	    { { "a", "\303\251" } } },
	{ "encoded separators do not separate", "a=%26b%3Dc", 1,
	    { { "a", "&b=c" } } },
	{ "stray percent", "a=100%&b=%zz&c=%4", 3,
	    { { "a", "100%" }, { "b", "%zz" }, { "c", "%4" } } },
	{ "percent does not reach over &", "a=%4&1=b", 2,
	    { { "a", "%4" }, { "1", "b" } } },
	{ "decoded once", "a=%2541", 1, { { "a", "%41" } } },
	{ "bytes that are not UTF-8 pass", "a=%ff\376", 1,
	    { { "a", "\377\376" } } },
	{ "line breaks pass", "a=b\r\nc", 1, { { "a", "b\r\nc" } } },
	{ "as many as allowed", "1&2&3&4&5&6&7&8&", 8,
	    { { "1", "" }, { "2", "" }, { "3", "" }, { "4", "" }, { "5", "" },
		{ "6", "" }, { "7", "" }, { "8", "" } } },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct form *form = NULL;
		char *copy = mem_text(slice_of(r->text));

		assert_non_null(copy);
		if (form_parse(&form, slice_of(copy), FIELDS_MAX) != ERR_OK)
			fail_msg("%s: refused", r->name);
		/* The form is a copy. */
		memset(copy, '!', strlen(copy));
		mem_free(copy);

		if (form_count(form) != r->n)
			fail_msg("%s: %zu fields", r->name, form_count(form));
		for (size_t k = 0; k < r->n; k++) {
			struct form_field at = form_at(form, k);

			if (at.name.base == NULL || at.value.base == NULL ||
			    !slice_is(at.name, r->pairs[k][0]) ||
			    !slice_is(at.value, r->pairs[k][1]))
				fail_msg("%s: field %zu", r->name, k);
		}
		form_free(form);
	}
}

static void
test_absent_text_has_no_fields(void **state)
{
	struct form *form = NULL;

	(void)state;
	assert_int_equal(form_parse(&form, slice_of(NULL), 0), ERR_OK);
	assert_int_equal(form_count(form), 0);
	form_free(form);
	form_free(NULL);
}

static void
test_nul_bytes_pass(void **state)
{
	struct form *form = NULL;

	(void)state;
	assert_int_equal(
	    form_parse(&form, (struct slice){ "a=%00\0", 6 }, 1), ERR_OK);
	assert_true(slice_eq(form_get(form, "a"), (struct slice){ "\0\0", 2 }));
	form_free(form);
}

static void
test_get_finds_the_first(void **state)
{
	struct form *form = NULL;

	(void)state;
	assert_int_equal(
	    form_parse(&form, slice_of("a=1&b=&a=2&Ab=3"), 8), ERR_OK);
	assert_true(slice_is(form_get(form, "a"), "1"));
	assert_non_null(form_get(form, "b").base);
	assert_int_equal(form_get(form, "b").len, 0);
	assert_null(form_get(form, "A").base);
	assert_null(form_get(form, "").base);
	form_free(form);
}

static void
test_too_many_fields(void **state)
{
	struct form *form = NULL;

	(void)state;
	assert_int_equal(form_parse(&form, slice_of("1&2&3&&4"), 3), ERR_LIMIT);
	assert_null(form);
	assert_int_equal(form_parse(&form, slice_of("1&2&3&&"), 3), ERR_OK);
	form_free(form);
}

static void
test_one_allocation(void **state)
{
	struct form *form = NULL;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(form_parse(&form, slice_of("a=b"), 3), ERR_NOMEM);
	assert_null(form);
	mem_fail_at(2);
	assert_int_equal(
	    form_parse(&form, slice_of("a=b&c=%20d&e"), 3), ERR_OK);
	assert_false(mem_failed());
	mem_fail_at(0);
	form_free(form);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_absent_text_has_no_fields),
		cmocka_unit_test(test_nul_bytes_pass),
		cmocka_unit_test(test_get_finds_the_first),
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_one_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
