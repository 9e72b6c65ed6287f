/* SPDX-License-Identifier: MIT */
/* test_cookie.c - which cookies browsers keep, and return to the hub. */
#include "unit/unit.h"

#include "check/cookie.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HUB "https://hub.example.com/.well-known/mercure"
#define PAGE "https://hub.example.com/news/today"

static enum check_return
judge(const char *header, const char *page, const char *origin, const char *hub)
{
	const char *const texts[] = { page, origin, hub };
	struct url urls[COUNT(texts)] = { 0 };
	struct check_cookie c;
	enum check_return r;

	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(
		    url_parse(&urls[i], slice_of(texts[i]), NULL, 0), ERR_OK);
	assert_true(check_cookie_read(&c, slice_of(header)));
	r = check_cookie_judge(&c, &urls[0], &urls[1], &urls[2]);
	for (size_t i = 0; i < COUNT(texts); i++)
		url_free(&urls[i]);
	return r;
}

static const struct {
	const char *name, *header, *page, *origin, *hub;
	enum check_return want;
} judged[] = {
	{ "as the program writes it",
	    "a=b; Path=/.well-known/mercure; Secure; HttpOnly; "
	    "SameSite=Strict",
	    PAGE, PAGE, HUB, CHECK_RETURNED },
	{ "the page's folder is not the hub's", "a=b", PAGE, PAGE, HUB,
	    CHECK_OTHER_PATH },
	{ "a page at the root", "a=b", "https://hub.example.com/x", PAGE, HUB,
	    CHECK_RETURNED },
	{ "a path that is none", "a=b; Path=x", "https://hub.example.com/",
	    PAGE, HUB, CHECK_RETURNED },
	{ "the last path counts", "a=b; Path=/; path=/x", PAGE, PAGE, HUB,
	    CHECK_OTHER_PATH },
	{ "a folder above", "a=b; Path=/.well-known/", PAGE, PAGE, HUB,
	    CHECK_RETURNED },
	{ "not within a name", "a=b; Path=/.well-known/merc", PAGE, PAGE, HUB,
	    CHECK_OTHER_PATH },
	{ "below it", "a=b; Path=/.well-known/mercure/", PAGE, PAGE, HUB,
	    CHECK_OTHER_PATH },
	{ "another host", "a=b; Path=/", "https://example.com/", PAGE, HUB,
	    CHECK_OTHER_HOST },
	{ "for all hosts", "a=b; Path=/; Domain=.Example.com",
	    "https://example.com/", PAGE, HUB, CHECK_RETURNED },
	{ "for the hosts below another", "a=b; Path=/; Domain=www.example.com",
	    "https://www.example.com/", PAGE, HUB, CHECK_OTHER_HOST },
	{ "not the page's", "a=b; Path=/; Domain=example.org", PAGE, PAGE, HUB,
	    CHECK_FOREIGN_DOMAIN },
	{ "not within a label", "a=b; Path=/; Domain=ple.com", PAGE, PAGE, HUB,
	    CHECK_FOREIGN_DOMAIN },
	{ "a top level", "a=b; Path=/; Domain=com", PAGE, PAGE, HUB,
	    CHECK_FOREIGN_DOMAIN },
	{ "a host without dots", "a=b; Path=/; Domain=hub", "http://hub/",
	    "http://hub/", "http://hub/x", CHECK_RETURNED },
	{ "part of an address", "a=b; Path=/; Domain=0.0.1",
	    "http://127.0.0.1/", "http://127.0.0.1/", "http://127.0.0.1/x",
	    CHECK_FOREIGN_DOMAIN },
	{ "other ports", "a=b; Path=/", "https://hub.example.com:8443/", PAGE,
	    HUB, CHECK_RETURNED },
	{ "Secure without TLS", "a=b; Path=/; Secure",
	    "http://hub.example.com/", PAGE, HUB, CHECK_SECURE_PAGE },
	{ "Secure on this machine", "a=b; Path=/; Secure", "http://localhost/",
	    "http://localhost/", "http://localhost/x", CHECK_RETURNED },
	{ "Secure on this machine, by its address", "a=b; Path=/; Secure",
	    "http://127.0.0.1:1/", "http://127.0.0.1:1/",
	    "http://127.0.0.1:2/x", CHECK_RETURNED },
	{ "Secure, and the hub is not", "a=b; Path=/; Secure", PAGE,
	    "http://hub.example.com/", "http://hub.example.com/",
	    CHECK_SECURE_HUB },
	{ "None without Secure", "a=b; Path=/; SameSite=None", PAGE, PAGE, HUB,
	    CHECK_NONE_INSECURE },
	{ "another site", "a=b; Path=/; SameSite=Lax", PAGE,
	    "https://other.example.org/", HUB, CHECK_CROSS_SITE },
	{ "another site, by default", "a=b; Path=/", PAGE,
	    "https://other.example.org/", HUB, CHECK_CROSS_SITE },
	{ "another site, None", "a=b; Path=/; Secure; SameSite=none", PAGE,
	    "https://other.example.org/", HUB, CHECK_UNPARTITIONED },
	{ "another site, None and Partitioned",
	    "a=b; Path=/; Secure; SameSite=none; partitioned", PAGE,
	    "https://other.example.org/", HUB, CHECK_RETURNED },
	{ "another host of the site", "a=b; Path=/", PAGE,
	    "https://www.example.com/", HUB, CHECK_RETURNED },
	{ "another scheme is another site", "a=b; Path=/", PAGE,
	    "http://hub.example.com/", HUB, CHECK_CROSS_SITE },
	{ "__Secure- without", "__Secure-a=b; Path=/", PAGE, PAGE, HUB,
	    CHECK_BAD_PREFIX },
	{ "__Secure- with", "__Secure-a=b; Path=/; secure", PAGE, PAGE, HUB,
	    CHECK_RETURNED },
	{ "__Host- with a domain",
	    "__Host-a=b; Path=/; Secure; Domain=hub.example.com", PAGE, PAGE,
	    HUB, CHECK_BAD_PREFIX },
	{ "__Host- with a path", "__Host-a=b; Path=/x; Secure", PAGE, PAGE, HUB,
	    CHECK_BAD_PREFIX },
	{ "__Host- as it should be", "__Host-a=b; Path=/; Secure", PAGE, PAGE,
	    HUB, CHECK_RETURNED },
};

static void
test_cookies(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(judged); i++) {
		enum check_return got = judge(judged[i].header, judged[i].page,
		    judged[i].origin, judged[i].hub);

		if (got != judged[i].want)
			fail_msg(
			    "%s: %s", judged[i].name, check_return_text(got));
	}
}

static void
test_long_cookies(void **state)
{
	static const char end[] = "; Path=/";
	char text[4200];

	(void)state;
	for (size_t n = 4095; n <= 4096; n++) {
		memset(text, 'x', sizeof(text));
		text[0] = 'a';
		text[1] = '=';
		snprintf(text + 2 + n, sizeof(text) - 2 - n, "%s", end);
		assert_int_equal(judge(text, PAGE, PAGE, HUB),
		    n == 4095 ? CHECK_RETURNED : CHECK_TOO_LONG);
	}
}

static void
test_no_cookies(void **state)
{
	static const char *const rows[] = { "", "a", "=b", "; a=b", " = b" };
	struct check_cookie c = { .secure = true };

	(void)state;
	assert_false(check_cookie_read(&c, slice_of(NULL)));
	for (size_t i = 0; i < COUNT(rows); i++)
		if (check_cookie_read(&c, slice_of(rows[i])))
			fail_msg("\"%s\"", rows[i]);
	assert_true(c.secure);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_long_cookies),
		cmocka_unit_test(test_no_cookies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
