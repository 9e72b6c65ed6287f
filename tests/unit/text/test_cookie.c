/* SPDX-License-Identifier: MIT */
/* test_cookie.c - finding a cookie in a header, and writing one. */
#include "unit/unit.h"

#include "text/cookie.h"
#include "unit/mem_fail.h"

static void
test_find(void **state)
{
	static const struct {
		const char *name, *header, *want; /* NULL: none */
	} rows[] = {
		{ "no header", NULL, NULL },
		{ "empty header", "", NULL },
		{ "only one", "auth=x", "x" },
		{ "among others", "a=1; auth=x.y-z_; b=2", "x.y-z_" },
		{ "without blanks", "a=1;auth=x;b=2", "x" },
		{ "the first of two", "auth=1; auth=2", "1" },
		{ "names have cases", "Auth=1; AUTH=2", NULL },
		{ "not a prefix", "authority=1", NULL },
		{ "not a suffix", "xauth=1", NULL },
		{ "not inside a value", "a=auth=x", NULL },
		{ "not inside a quoted value", "a=\"; auth=x\"", "x\"" },
		{ "value with =", "auth=a=b==", "a=b==" },
		{ "empty value", "auth=", "" },
		{ "no =", "auth; auth=2", "2" },
		{ "quotes", "auth=\"x y\"", "x y" },
		{ "empty quotes", "auth=\"\"", "" },
		{ "a lone quote", "auth=\"", "\"" },
		{ "blanks around", "a=1;\t auth = x \t; b", "x" },
		{ "stray separators", ";;; auth=x;;", "x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice got =
		    cookie_find(slice_of(rows[i].header), slice_of("auth"));

		if ((got.base == NULL) != (rows[i].want == NULL) ||
		    !slice_is(got, rows[i].want))
			fail_msg("%s", rows[i].name);
	}
}

#define S(text)                        \
	{                              \
		text, sizeof(text) - 1 \
	}
#define NONE            \
	{               \
		NULL, 0 \
	}

static const struct {
	const char *name;
	struct cookie cookie;
	const char *want;
} written[] = {
	{ "session cookie",
	    { S("auth"), S("a.b"), S("/hub"), NONE, S("Strict"), true, -1,
		false },
	    "auth=a.b; Path=/hub; Secure; HttpOnly; SameSite=Strict" },
	{ "domain and age",
	    { S("auth"), S("a.b"), S("/"), S(".example.com"), S("Lax"), false,
		3600, false },
	    "auth=a.b; Path=/; Domain=.example.com; Max-Age=3600; "
	    "HttpOnly; SameSite=Lax" },
	{ "cleared",
	    { S("auth"), S(""), S("/hub"), NONE, S("Strict"), true, 0, false },
	    "auth=; Path=/hub; Expires=Thu, 01 Jan 1970 00:00:01 GMT; "
	    "Max-Age=0; Secure; HttpOnly; SameSite=Strict" },
	{ "None forces Secure, any case is taken",
	    { S("auth"), S("x"), NONE, NONE, S("none"), false, -1, false },
	    "auth=x; Secure; HttpOnly; SameSite=None" },
	{ "__Host- is for the whole host",
	    { S("__Host-t"), S("x"), S("/hub"), NONE, S("Lax"), true, -1,
		false },
	    "__Host-t=x; Path=/; Secure; HttpOnly; SameSite=Lax" },
	{ "in any case, also without a path",
	    { S("__hOST-t"), S(""), NONE, NONE, S("Lax"), true, 0, false },
	    "__hOST-t=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; "
	    "Max-Age=0; Secure; HttpOnly; SameSite=Lax" },
	{ "a name that only looks like it",
	    { S("_Host-t"), S("x"), S("/hub"), NONE, S("Lax"), false, -1,
		false },
	    "_Host-t=x; Path=/hub; HttpOnly; SameSite=Lax" },
	{ "a prefixed name and the longest age",
	    { S("__Secure-t"), S("x"), S("/"), NONE, S("lax"), true, INT64_MAX,
		false },
	    "__Secure-t=x; Path=/; Max-Age=9223372036854775807; "
	    "Secure; HttpOnly; SameSite=Lax" },
	{ "kept apart for each site",
	    { S("auth"), S("x"), S("/hub"), NONE, S("none"), true, -1, true },
	    "auth=x; Path=/hub; Secure; HttpOnly; SameSite=None; Partitioned" },
};

static void
test_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		struct problem p = { "" };
		struct buf b;

		buf_init(&b, 8192);
		if (cookie_write(&b, &written[i].cookie, &p) != ERR_OK ||
		    !slice_is(buf_view(&b), written[i].want))
			fail_msg("%s: %.*s %s", written[i].name,
			    SLICE_ARG(buf_view(&b)), p.text);
		buf_free(&b);
	}
}

static const struct {
	const char *name;
	struct cookie cookie;
} refused[] = {
	{ "empty name",
	    { S(""), S("x"), S("/"), NONE, S("Lax"), true, -1, false } },
	{ "absent name",
	    { NONE, S("x"), S("/"), NONE, S("Lax"), true, -1, false } },
	{ "= in the name",
	    { S("a=b"), S("x"), S("/"), NONE, S("Lax"), true, -1, false } },
	{ "line break in the name",
	    { S("a\r\n"), S("x"), S("/"), NONE, S("Lax"), true, -1, false } },
	{ "non-ASCII name", { S("\303\251"), S("x"), S("/"), NONE, S("Lax"),
				true, -1, false } },
	{ "; in the value", { S("a"), S("x; Domain=b"), S("/"), NONE, S("Lax"),
				true, -1, false } },
	{ "blank in the value",
	    { S("a"), S("x y"), S("/"), NONE, S("Lax"), true, -1, false } },
	{ "quote in the value",
	    { S("a"), S("\"x\""), S("/"), NONE, S("Lax"), true, -1, false } },
	{ "line break in the value", { S("a"), S("x\r\nLocation: b"), S("/"),
					 NONE, S("Lax"), true, -1, false } },
	{ "NUL in the value",
	    { S("a"), S("x\0y"), S("/"), NONE, S("Lax"), true, -1, false } },
	{ "; in the path",
	    { S("a"), S("x"), S("/;b"), NONE, S("Lax"), true, -1, false } },
	{ "line break in the path",
	    { S("a"), S("x"), S("/\nb"), NONE, S("Lax"), true, -1, false } },
	{ "relative path",
	    { S("a"), S("x"), S("hub"), NONE, S("Lax"), true, -1, false } },
	{ "__Host- without https", { S("__Host-a"), S("x"), S("/"), NONE,
				       S("Lax"), false, -1, false } },
	{ "__Secure- without https", { S("__secure-a"), S("x"), S("/"), NONE,
					 S("None"), false, -1, false } },
	{ "__Host- with a domain",
	    { S("__Host-a"), S("x"), S("/"), S("b.example"), S("Lax"), true, -1,
		false } },
	{ "empty domain",
	    { S("a"), S("x"), S("/"), S(""), S("Lax"), true, -1, false } },
	{ "; in the domain",
	    { S("a"), S("x"), S("/"), S("b;c"), S("Lax"), true, -1, false } },
	{ "port in the domain",
	    { S("a"), S("x"), S("/"), S("b:80"), S("Lax"), true, -1, false } },
	{ "unknown SameSite",
	    { S("a"), S("x"), S("/"), NONE, S("Laxer"), true, -1, false } },
	{ "Partitioned with another SameSite",
	    { S("a"), S("x"), S("/"), NONE, S("Lax"), true, -1, true } },
	{ "absent SameSite",
	    { S("a"), S("x"), S("/"), NONE, NONE, true, -1, false } },
};

static void
test_write_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct problem p = { "" };
		struct buf b;

		buf_init(&b, 8192);
		buf_text(&b, "old");
		if (cookie_write(&b, &refused[i].cookie, &p) != ERR_SYNTAX ||
		    !slice_is(buf_view(&b), "old") || b.err != ERR_OK ||
		    p.text[0] == '\0')
			fail_msg("%s", refused[i].name);
		buf_free(&b);
	}
}

static void
test_value_has_a_maximum(void **state)
{
	char value[COOKIE_VALUE_MAX + 1];
	struct cookie c = { S("a"), { value, COOKIE_VALUE_MAX }, S("/"), NONE,
		S("Lax"), true, -1, false };
	struct problem p = { "" };
	struct buf b;

	(void)state;
	memset(value, 'v', sizeof(value));
	buf_init(&b, 8192);
	assert_int_equal(cookie_write(&b, &c, &p), ERR_OK);
	buf_clear(&b);
	c.value.len++;
	assert_int_equal(cookie_write(&b, &c, &p), ERR_LIMIT);
	assert_string_not_equal(p.text, "");
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void
test_no_memory_and_no_room(void **state)
{
	const struct cookie c = { S("auth"), S("a.b"), S("/hub"), S("b.c"),
		S("Lax"), true, 0, false };
	struct buf b;

	(void)state;
	for (long n = 1;; n++) {
		enum err e;

		buf_init(&b, 8192);
		mem_fail_at(n);
		e = cookie_write(&b, &c, NULL);
		if (!mem_failed()) {
			assert_int_equal(e, ERR_OK);
			break;
		}
		assert_int_equal(e, ERR_NOMEM);
		assert_int_equal(b.len, 0);
		buf_free(&b);
	}
	mem_fail_at(0);
	buf_free(&b);

	buf_init(&b, 40);
	assert_int_equal(cookie_write(&b, &c, NULL), ERR_LIMIT);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_refuses),
		cmocka_unit_test(test_value_has_a_maximum),
		cmocka_unit_test(test_no_memory_and_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
