/* SPDX-License-Identifier: MIT */
/* test_json.c - which texts are taken for JSON. */
#include "unit/unit.h"

#include "base/buf.h"
#include "text/json.h"
#include "unit/mem_fail.h"

#define TEXT_MAX (1 << 20)

static void
test_accepted(void **state)
{
	static const struct {
		const char *name, *text;
		json_type want;
	} rows[] = {
		{ "object", "{\"a\":[1,2.5,null,true]}", JSON_OBJECT },
		{ "array", " [ ] ", JSON_ARRAY },
		{ "string", "\"a\\u00e9\\n\"", JSON_STRING },
		{ "integer", "-1", JSON_INTEGER },
		{ "real", "1635873167.583167", JSON_REAL },
		{ "huge real", "1e308", JSON_REAL },
		{ "null", "null", JSON_NULL },
		{ "same name on two levels", "{\"a\":{\"a\":1}}", JSON_OBJECT },
		{ "brackets in a string", "[\"[[[[[[{{{{{{\\\"[[\"]",
		    JSON_ARRAY },
		{ "out of range", "1e999", JSON_REAL },
		{ "NUL by an escape", "\"a\\u0000\"", JSON_STRING },
		{ "surrogate pair", "\"\\ud83d\\ude00\"", JSON_STRING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *json = NULL;

		if (json_parse(&json, slice_of(rows[i].text)) != ERR_OK ||
		    json_typeof(json) != rows[i].want)
			fail_msg("%s", rows[i].name);
		json_decref(json);
	}
}

static const struct {
	const char *name;
	struct slice text;
} refused[] = {
	{ "absent", { NULL, 0 } },
	{ "empty", { "", 0 } },
	{ "blanks", { "  \n", 3 } },
	{ "cut", { "{\"a\":", 5 } },
	{ "two values", { "1 2", 3 } },
	{ "something behind", { "{}x", 3 } },
	{ "NUL behind", { "{}\0", 3 } },
	{ "duplicate name", { "{\"a\":1,\"a\":1}", 13 } },
	{ "duplicate name by an escape", { "{\"a\":1,\"\\u0061\":1}", 18 } },
	{ "duplicate name inside", { "[{\"a\":1,\"a\":2}]", 15 } },
	{ "invalid UTF-8", { "\"\377\"", 3 } },
	{ "overlong UTF-8", { "\"\300\200\"", 4 } },
	{ "lone surrogate", { "\"\\ud800\"", 8 } },
	{ "NUL byte in a string", { "\"a\0b\"", 5 } },
	{ "NUL in a name", { "{\"\\u0000\":1}", 12 } },
	{ "line feed in a string", { "\"\n\"", 3 } },
	{ "trailing comma", { "[1,]", 4 } },
	{ "single quotes", { "'a'", 3 } },
	{ "comment", { "/**/1", 5 } },
	{ "NaN", { "NaN", 3 } },
	{ "number with a leading zero", { "01", 2 } },
	{ "out of range, a leading zero", { "01e999", 6 } },
	{ "out of range, no digits", { "1e999e1", 7 } },
	{ "out of range, then a leading zero", { "[1e999,01e999]", 14 } },
	{ "out of range, then no digits", { "[1e999,1.e999]", 14 } },
	{ "out of range, then no exponent", { "[1e999,1e+]", 11 } },
	{ "out of range, and cut", { "[1e999", 6 } },
	{ "a long one with a leading zero", { "012345678901234567890", 21 } },
	{ "a sign without digits", { "[-,9999999999999999999]", 23 } },
	{ "byte order mark", { "\357\273\277{}", 5 } },
	{ "closed before opened", { "]]]]", 4 } },
};

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		json_t *json = NULL;

		if (json_parse(&json, refused[i].text) != ERR_SYNTAX ||
		    json != NULL)
			fail_msg("%s", refused[i].name);
	}
}

/* [text, what it is when it is written again] */
static const char *const numbers[][2] = {
	{ "[9223372036854775807,-9223372036854775808]",
	    "[9223372036854775807,-9223372036854775808]" },
	{ "[9223372036854775808]", "[9.2233720368547758e18]" },
	{ "[-9223372036854775809,1]", "[-9.2233720368547758e18,1]" },
	{ "{\"a\":123456789012345678901234567890}",
	    "{\"a\":1.2345678901234568e29}" },
	{ "[1e400,-1e400,2.5,-7]", "[1e308,-1e308,2.5,-7]" },
	{ "[\"1e400\",\"a\\\"1e400\",1E+400]",
	    "[\"1e400\",\"a\\\"1e400\",1e308]" },
	{ "[1e-400,99999999999999999999]", "[0.0,1e20]" },
	{ "{\"exp\":1700000000,\"x\":18446744073709551616}",
	    "{\"exp\":1700000000,\"x\":1.8446744073709552e19}" },
};

static void
large_numbers_lose_digits(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, TEXT_MAX);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		json_t *json = NULL;

		buf_clear(&out);
		assert_int_equal(
		    json_parse(&json, slice_of(numbers[i][0])), ERR_OK);
		assert_int_equal(json_write(&out, json), ERR_OK);
		buf_byte(&out, '\0');
		assert_string_equal(out.base, numbers[i][1]);
		json_decref(json);
	}
	buf_free(&out);
}

static void
nest(struct buf *b, const char *open, const char *close, size_t depth)
{
	buf_clear(b);
	for (size_t i = 0; i < depth; i++)
		buf_text(b, open);
	buf_text(b, "1");
	for (size_t i = 0; i < depth; i++)
		buf_text(b, close);
}

static void
test_depth(void **state)
{
	static const struct {
		const char *name, *open, *close;
		size_t depth;
		enum err want;
	} rows[] = {
		{ "arrays, deepest", "[", "]", JSON_DEPTH_MAX, ERR_OK },
		{ "arrays, one more", "[", "]", JSON_DEPTH_MAX + 1,
		    ERR_SYNTAX },
		{ "objects, deepest", "{\"a\":", "}", JSON_DEPTH_MAX, ERR_OK },
		{ "objects, one more", "{\"a\":", "}", JSON_DEPTH_MAX + 1,
		    ERR_SYNTAX },
		{ "arrays, 10,000", "[", "]", 10000, ERR_SYNTAX },
		{ "arrays, 500,000, never closed", "[", "", 500000,
		    ERR_SYNTAX },
		{ "brackets in strings on the way", "[\"]]]\\\"]\",", "]",
		    JSON_DEPTH_MAX + 1, ERR_SYNTAX },
	};
	struct buf b;

	(void)state;
	buf_init(&b, TEXT_MAX);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *json = NULL;

		nest(&b, rows[i].open, rows[i].close, rows[i].depth);
		assert_int_equal(b.err, ERR_OK);
		if (json_parse(&json, buf_view(&b)) != rows[i].want)
			fail_msg("%s", rows[i].name);
		json_decref(json);
	}
	buf_free(&b);
}

static void
test_width_is_no_depth(void **state)
{
	json_t *json = NULL;
	struct buf b;

	(void)state;
	buf_init(&b, TEXT_MAX);
	buf_text(&b, "[[]");
	for (int i = 0; i < 1000; i++)
		buf_text(&b, ",[{}]");
	buf_text(&b, "]");
	assert_int_equal(json_parse(&json, buf_view(&b)), ERR_OK);
	assert_int_equal(json_array_size(json), 1001);
	json_decref(json);
	buf_free(&b);
}

static void
test_write(void **state)
{
	static const char *const rows[] = { "{\"a\":[1,2.5,null,true]}",
		"\"\303\251\\n\"", "[]", "-7", "null" };
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *json = NULL;

		assert_int_equal(json_parse(&json, slice_of(rows[i])), ERR_OK);
		buf_init(&b, TEXT_MAX);
		if (json_write(&b, json) != ERR_OK ||
		    !slice_is(buf_view(&b), rows[i]))
			fail_msg("%s", rows[i]);
		buf_free(&b);
		json_decref(json);
	}
}

static void
test_write_fails(void **state)
{
	json_t *json = NULL;
	struct buf b;

	(void)state;
	assert_int_equal(json_parse(&json, slice_of("[1,2,3]")), ERR_OK);
	buf_init(&b, 3);
	assert_int_equal(json_write(&b, json), ERR_LIMIT);
	buf_free(&b);
	buf_init(&b, TEXT_MAX);
	mem_fail_at(1);
	assert_int_equal(json_write(&b, json), ERR_NOMEM);
	assert_true(mem_failed());
	mem_fail_at(0);
	buf_free(&b);
	json_decref(json);
}

/* jansson allocates for itself; here its own allocator fails. */
static long allocations_left;

static void *
failing_malloc(size_t size)
{
	if (allocations_left > 0 && --allocations_left == 0)
		return NULL;
	return test_malloc(size);
}

static void
failing_free(void *p)
{
	test_free(p);
}

static void
test_no_memory(void **state)
{
	enum err e = ERR_NOMEM;
	json_malloc_t old_malloc;
	json_free_t old_free;
	json_t *json = NULL;
	long n;

	(void)state;
	json_get_alloc_funcs(&old_malloc, &old_free);
	json_set_alloc_funcs(failing_malloc, failing_free);
	for (n = 1; n < 1000 && e != ERR_OK; n++) {
		allocations_left = n;
		e = json_parse(&json, slice_of("{\"a\":[1,2.5,\"text\"]}"));
		if (e != ERR_OK)
			assert_null(json);
	}
	allocations_left = 0;
	json_decref(json);
	json_set_alloc_funcs(old_malloc, old_free);
	assert_int_equal(e, ERR_OK);
	assert_true(n > 5);
}

/* Every text is overwritten, however deep, and all else still stands. */
static void
test_wipe(void **state)
{
	static const char text[] =
	    "{\"k\":\"secret\",\"a\":[1,{\"k\":\"secret\"}]}";
	static const char wiped[] =
	    "{\"k\":\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\",\"a\":[1,"
	    "{\"k\":\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\"}]}";
	json_t *json = NULL;
	struct buf out;

	(void)state;
	assert_int_equal(json_parse(&json, slice_of(text)), ERR_OK);
	json_wipe(json);
	buf_init(&out, 256);
	assert_int_equal(json_write(&out, json), ERR_OK);
	assert_true(slice_is(buf_view(&out), wiped));
	buf_free(&out);
	json_decref(json);
	json_wipe(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(large_numbers_lose_digits),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_width_is_no_depth),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
