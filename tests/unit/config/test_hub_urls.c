/* SPDX-License-Identifier: MIT */
/* test_hub_urls.c - which URL of the hub fits a request, and a page. */
#include "unit/unit.h"

#include "config/hub_urls.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HUB "https://www.example.com/hub"
#define PLAIN "http://www.example.com/plain"
#define ALIAS "https://Shop.Example:8443/s"
#define LIST "  " HUB "  " ALIAS " http://[::1]:81/six "

static const struct {
	const char *name, *list, *host;
	bool https;
	const char *want;
} requests[] = {
	{ "none is set", NULL, "www.example.com", true, NULL },
	{ "the first", LIST, "www.example.com", true, HUB },
	{ "the second", LIST, "shop.example:8443", true, ALIAS },
	{ "an address", LIST, "[::1]:81", false, "http://[::1]:81/six" },
	{ "another host", LIST, "evil.example", true, HUB },
	{ "another port", LIST, "shop.example", true, HUB },
	{ "no host", LIST, NULL, true, HUB },
	{ "the scheme's own port", ALIAS " " HUB, "www.example.com:443", true,
	    HUB },
	{ "another scheme", ALIAS " " HUB, "www.example.com", false, HUB },
	{ "that scheme", HUB " " PLAIN, "www.example.com", false, PLAIN },
	{ "this scheme", PLAIN " " HUB, "www.example.com", true, HUB },
	{ "a part of a host", ALIAS " " HUB, "example.com", true, ALIAS },
};

static void
test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct slice got = hub_urls_for_request(requests[i].list,
		    slice_of(requests[i].host), requests[i].https);

		if (!slice_is(got, requests[i].want))
			fail_msg("%s: %.*s", requests[i].name, SLICE_ARG(got));
	}
}

static const struct {
	const char *name, *list, *page;
	bool crosses;
	const char *want;
	bool plain;
} pages[] = {
	{ "none is set", NULL, "https://www.example.com", false, NULL, false },
	{ "unknown", LIST, NULL, false, HUB, false },
	{ "no URL", LIST, "", false, HUB, false },
	{ "the first's", LIST, "https://www.example.com", false, HUB, false },
	{ "the second's", LIST, "https://shop.example:8443", false, ALIAS,
	    false },
	{ "the second's, with CORS", LIST, "https://shop.example:8443", true,
	    ALIAS, false },
	{ "another scheme", LIST, "http://www.example.com", false, "/hub",
	    false },
	{ "another scheme, with CORS", LIST, "http://www.example.com", true,
	    "/hub", false },
	{ "that scheme is there, too", HUB " " PLAIN, "http://www.example.com",
	    false, PLAIN, true },
	{ "another port", LIST, "https://shop.example", false, "/hub", false },
	{ "another port, with CORS", LIST, "https://shop.example", true, HUB,
	    false },
	{ "an alias", LIST, "https://alias.example", false, "/hub", false },
	{ "an alias by http", LIST, "http://alias.example", false, "/hub",
	    false },
	{ "an alias with a port", LIST, "http://alias.example:81", false,
	    "/hub", false },
	{ "another host, with CORS", LIST, "https://alias.example", true, HUB,
	    false },
	{ "an alias of an http hub", PLAIN, "http://alias.example", false,
	    "/plain", true },
	{ "that by https", PLAIN, "https://alias.example", false, "/plain",
	    false },
	{ "another scheme of an http hub", PLAIN, "https://www.example.com",
	    false, "/plain", false },
	{ "unknown, an http hub", PLAIN, NULL, false, PLAIN, true },
	{ "an address", LIST, "http://192.0.2.1:8080", false, HUB, false },
	{ "an address of IPv6", LIST, "http://[2001:db8::1]", false, HUB,
	    false },
	{ "a listed address", LIST, "http://[::1]:81", false,
	    "http://[::1]:81/six", true },
	{ "a name without a dot", LIST, "http://backend:8080", false, HUB,
	    false },
	{ "a name that begins with digits", LIST, "http://1a.example", false,
	    "/hub", false },
	{ "no path", "https://www.example.com", "http://www.example.com", false,
	    "/", false },
	{ "a query", "https://a.example/h?x=y", "http://a.example", false,
	    "/h?x=y", false },
	{ "a query alone", "https://a.example?x", "http://a.example", false,
	    "https://a.example?x", false },
	{ "a path that is another host's", "https://a.example//b.example",
	    "http://a.example", false, "https://a.example//b.example", false },
	{ "a backslash", "https://a.example/\\b.example", "http://a.example",
	    false, "https://a.example/\\b.example", false },
};

static void
test_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pages); i++) {
		bool plain = false;
		struct slice got = hub_urls_for_page(&plain, pages[i].list,
		    slice_of(pages[i].page), pages[i].crosses);

		if (!slice_is(got, pages[i].want) || plain != pages[i].plain)
			fail_msg("%s: %.*s", pages[i].name, SLICE_ARG(got));
	}
}

static void
test_members(void **state)
{
	(void)state;
	assert_true(hub_urls_have(LIST, HUB));
	assert_true(hub_urls_have(LIST, ALIAS));
	assert_false(hub_urls_have(LIST, "https://www.example.com/"));
	assert_false(hub_urls_have(NULL, HUB));
	assert_true(slice_is(hub_urls_first(LIST), HUB));
	assert_null(hub_urls_check(
	    slice_of("http://1 http://2 http://3 http://4 http://5 http://6 "
		     "http://7 https://8")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
