/* SPDX-License-Identifier: MIT */
/* test_origin.c - origins of URLs, and how browsers write them. */
#include "unit/unit.h"

#include "text/origin.h"

static const struct {
	const char *name, *url, *origin, *written; /* NULL: none */
} rows[] = {
	{ "nothing", NULL, NULL, NULL },
	{ "an empty text", "", NULL, NULL },
	{ "only a host", "http://a", "http://a", "http://a" },
	{ "a path", "http://a/b", "http://a", "http://a" },
	{ "a slash", "http://a/", "http://a", "http://a" },
	{ "a query", "https://a?b", "https://a", "https://a" },
	{ "a fragment", "https://a#b", "https://a", "https://a" },
	{ "a backslash", "https://a\\.b", "https://a", "https://a" },
	{ "a port", "https://a:81/b", "https://a:81", "https://a:81" },
	{ "the port of http", "http://a:80/", "http://a:80", "http://a" },
	{ "the port of https", "https://a:443/", "https://a:443", "https://a" },
	{ "the other's port", "http://a:443", "http://a:443", "http://a:443" },
	{ "a port that ends alike", "http://a:8080", "http://a:8080",
	    "http://a:8080" },
	{ "upper case", "HTTPS://A.Example/B", "HTTPS://A.Example",
	    "https://a.example" },
	{ "IPv6", "http://[::80]/", "http://[::80]", "http://[::80]" },
	{ "IPv6 and a port", "http://[::1]:80/", "http://[::1]:80",
	    "http://[::1]" },
	{ "no host", "http:///a", NULL, NULL },
	{ "no host, nothing else", "http://", NULL, NULL },
	{ "a user", "http://a@b/", NULL, NULL },
	{ "a user with a password", "http://a:80@b/", NULL, NULL },
	{ "an @ in the path", "http://a/@b", "http://a", "http://a" },
	{ "two URLs", "http://a http://b", NULL, NULL },
	{ "another scheme", "ftp://a/", NULL, NULL },
	{ "a longer scheme", "httpx://a/", NULL, NULL },
	{ "a URL in the path", "a/http://b", NULL, NULL },
	{ "no scheme", "a.example", NULL, NULL },
	{ "null", "null", NULL, NULL },
	{ "one slash", "http:/a", NULL, NULL },
};

static void
finds_origins(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice got = origin_of_url(slice_of(rows[i].url));

		if ((got.base == NULL) != (rows[i].origin == NULL) ||
		    !slice_is(got, rows[i].origin))
			fail_msg("%s", rows[i].name);
	}
}

static void
compares_as_browsers_write_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice url = slice_of(rows[i].url);
		struct slice written = slice_of(rows[i].written);

		if (origin_is_of(written, url) != (written.base != NULL) ||
		    origin_is_written(written) != (written.base != NULL))
			fail_msg("%s", rows[i].name);
		if (origin_is_of(slice_of("http://a.b"), url) ||
		    origin_is_of(slice_of("HTTP://A"), url) ||
		    origin_is_of(slice_of(""), url))
			fail_msg("%s: another origin", rows[i].name);
	}
	assert_false(origin_is_of(slice_of("http://a"), slice_of("https://a")));
	assert_false(
	    origin_is_of(slice_of("http://a:81"), slice_of("http://a")));
	assert_false(
	    origin_is_of(slice_of("http://a:80"), slice_of("http://a")));
	assert_false(
	    origin_is_of(slice_of("http://a/"), slice_of("http://a/")));
}

static void
knows_what_no_browser_writes(void **state)
{
	static const char *const wrong[] = { "", "null", "*", "http://a/",
		"http://a?", "http://A", "Http://a", "http://a:80",
		"https://a:443", "http://a@b", "http://a, http://b",
		"http://a http://b", "http://", "a", "//a", "http://a,",
		"http://*.a", "httpS://a", "http://caf\xc3\xa9" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (origin_is_written(slice_of(wrong[i])))
			fail_msg("\"%s\"", wrong[i]);
	assert_false(origin_is_written(slice_of(NULL)));
	assert_true(origin_is_written(slice_of("http://a:443")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_origins),
		cmocka_unit_test(compares_as_browsers_write_them),
		cmocka_unit_test(knows_what_no_browser_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
