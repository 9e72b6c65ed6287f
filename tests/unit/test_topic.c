/* SPDX-License-Identifier: MIT */
/* test_topic.c - which topics may be published to, and which asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "topic.h"

#define LENGTH_MAX 64

static const struct {
	const char *name, *topic;
	enum err publish, select;
} cases[] = {
	{ "plain", "foo", ERR_OK, ERR_OK },
	{ "a URL", "https://example.com/books/1", ERR_OK, ERR_OK },
	{ "a URN", "urn:uuid:1-2", ERR_OK, ERR_OK },
	{ "a template", "https://example.com/{id}", ERR_OK, ERR_OK },
	{ "not ASCII", "caf\xc3\xa9", ERR_OK, ERR_OK },
	{ "empty", "", ERR_SYNTAX, ERR_SYNTAX },
	{ "not UTF-8", "caf\xe9", ERR_SYNTAX, ERR_SYNTAX },
	{ "a line break", "a\nb", ERR_SYNTAX, ERR_SYNTAX },
	{ "a tab", "a\tb", ERR_SYNTAX, ERR_SYNTAX },
	{ "DEL", "a\x7f", ERR_SYNTAX, ERR_SYNTAX },
	{ "64 bytes",
	    "0123456789012345678901234567890123456789012345678901234567890123",
	    ERR_OK, ERR_OK },
	{ "65 bytes",
	    "01234567890123456789012345678901234567890123456789012345678901234",
	    ERR_LIMIT, ERR_LIMIT },
	{ "the wildcard", "*", ERR_DENIED, ERR_OK },
	{ "not the wildcard", "**", ERR_OK, ERR_OK },

	{ "the hub", "/.well-known/mercure", ERR_DENIED, ERR_OK },
	{ "below", "/.well-known/mercure/subscriptions", ERR_DENIED, ERR_OK },
	{ "with a query", "/.well-known/mercure?topic=x", ERR_DENIED, ERR_OK },
	{ "with a fragment", "/.well-known/mercure#x", ERR_DENIED, ERR_OK },
	{ "with a slash", "/.well-known/mercure/", ERR_DENIED, ERR_OK },
	{ "a longer name", "/.well-known/mercurex", ERR_OK, ERR_OK },
	{ "a neighbour", "/.well-known/webfinger", ERR_OK, ERR_OK },
	{ "only the folder", "/.well-known/", ERR_OK, ERR_OK },
	{ "deeper down", "/a/.well-known/mercure", ERR_OK, ERR_OK },
	{ "another case", "/.well-known/Mercure", ERR_OK, ERR_OK },
	{ "blanks around", " /.well-known/mercure ", ERR_DENIED, ERR_OK },
	{ "no slash in front", ".well-known/mercure", ERR_DENIED, ERR_OK },
	{ "in the hub's folder", "mercure", ERR_DENIED, ERR_OK },
	{ "below, relative", "mercure/x", ERR_DENIED, ERR_OK },
	{ "another in its folder", "mercury", ERR_OK, ERR_OK },
	{ "only a query", "?x", ERR_OK, ERR_OK },

	{ "http", "http://h/.well-known/mercure", ERR_DENIED, ERR_OK },
	{ "capitals", "HTTPS://H.example/.well-known/mercure/x", ERR_DENIED,
	    ERR_OK },
	{ "port and user", "http://u:p@h:80/.well-known/mercure", ERR_DENIED,
	    ERR_OK },
	{ "another scheme", "foo+b://h/.well-known/mercure", ERR_DENIED,
	    ERR_OK },
	{ "no host", "foo:///.well-known/mercure", ERR_DENIED, ERR_OK },
	{ "no authority", "foo:/.well-known/mercure", ERR_DENIED, ERR_OK },
	{ "no scheme", "//h/.well-known/mercure", ERR_DENIED, ERR_OK },
	{ "three slashes", "http:///h/.well-known/mercure", ERR_DENIED,
	    ERR_OK },
	{ "one slash", "http:/h/.well-known/mercure", ERR_DENIED, ERR_OK },
	{ "no slash", "http:h/.well-known/mercure", ERR_DENIED, ERR_OK },
	{ "no slash, relative", "http:mercure", ERR_DENIED, ERR_OK },
	{ "backslashes", "http:\\\\h\\.well-known\\mercure", ERR_DENIED,
	    ERR_OK },
	{ "the folder as a host", "//.well-known/mercure", ERR_OK, ERR_OK },
	{ "in a query", "http://h?/.well-known/mercure", ERR_OK, ERR_OK },
	{ "in a fragment", "http://h/#/.well-known/mercure", ERR_OK, ERR_OK },
	{ "a host alone", "http://h", ERR_OK, ERR_OK },
	{ "opaque", "urn:mercure", ERR_OK, ERR_OK },
	{ "a scheme alone", "foo:", ERR_OK, ERR_OK },

	{ "encoded letters", "/.well-known/%6Dercur%65/x", ERR_DENIED, ERR_OK },
	{ "encoded dot", "/%2ewell-known/mercure", ERR_DENIED, ERR_OK },
	{ "encoded slash", "/.well-known%2Fmercure", ERR_OK, ERR_OK },
	{ "encoded slash behind", "/.well-known/mercure%2F", ERR_OK, ERR_OK },
	{ "a stray percent", "/.well-known/%6ercure", ERR_OK, ERR_OK },
	{ "a dot", "/./.well-known/./mercure", ERR_DENIED, ERR_OK },
	{ "two dots", "/a/../.well-known/x/../mercure", ERR_DENIED, ERR_OK },
	{ "encoded dots", "/a/%2E%2e/.well-known/.%2E/.well-known/mercure",
	    ERR_DENIED, ERR_OK },
	{ "above the root", "/../../.well-known/mercure", ERR_DENIED, ERR_OK },
	{ "dots lead away", "/.well-known/mercure/../x", ERR_OK, ERR_OK },
	{ "dots lead out", "/.well-known/mercure/..", ERR_OK, ERR_OK },
	{ "and back", "/.well-known/mercure/x/..", ERR_DENIED, ERR_OK },
	{ "an empty segment", "/.well-known//mercure", ERR_OK, ERR_OK },
	{ "up from the folder", "../.well-known/mercure", ERR_DENIED, ERR_OK },
};

static void
expect(const char *name, const char *function, enum err got, enum err want)
{
	if (got != want)
		fail_msg("%s: %s gave \"%s\"", name, function, err_text(got));
}

static void
checks_topics(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice s = slice_of(cases[i].topic);
		struct fault f = { "" };

		expect(cases[i].name, "topic_check",
		    topic_check(s, LENGTH_MAX, &f), cases[i].publish);
		if ((f.text[0] != '\0') != (cases[i].publish != ERR_OK))
			fail_msg("%s: sentence \"%s\"", cases[i].name, f.text);
		expect(cases[i].name, "topic_check_selector",
		    topic_check_selector(s, LENGTH_MAX, NULL), cases[i].select);
	}
}

static void
refuses_nul(void **state)
{
	(void)state;
	assert_int_equal(
	    topic_check((struct slice){ "a\0b", 3 }, 9, NULL), ERR_SYNTAX);
	assert_int_equal(
	    topic_check((struct slice){ NULL, 0 }, 9, NULL), ERR_SYNTAX);
}

static void
walks_lists(void **state)
{
	struct slice rest = slice_of("a\nbc\nd"), topic;

	(void)state;
	assert_true(topic_next(&rest, &topic) && slice_is(topic, "a"));
	assert_true(topic_next(&rest, &topic) && slice_is(topic, "bc"));
	assert_true(topic_next(&rest, &topic) && slice_is(topic, "d"));
	assert_false(topic_next(&rest, &topic));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_topics),
		cmocka_unit_test(refuses_nul),
		cmocka_unit_test(walks_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
