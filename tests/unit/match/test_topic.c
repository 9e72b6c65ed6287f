/* SPDX-License-Identifier: MIT */
/* test_topic.c - which topics may be published to, and which asked for. */
#include "unit/unit.h"

#include "match/topic.h"
#include "unit/mem_fail.h"

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
	{ "below the hub's folder", ".well-known/mercure", ERR_OK, ERR_OK },
	{ "in the hub's folder", "mercure", ERR_DENIED, ERR_OK },
	{ "below, relative", "mercure/x", ERR_DENIED, ERR_OK },
	{ "another in its folder", "mercury", ERR_OK, ERR_OK },
	{ "in the folder, a dot", "./mercure", ERR_DENIED, ERR_OK },
	{ "in the folder, encoded", "%6dercure", ERR_DENIED, ERR_OK },
	{ "in the folder, a query", "mercure?x", ERR_DENIED, ERR_OK },
	{ "in the folder, backslashes", "..\\.well-known\\mercure\\x",
	    ERR_DENIED, ERR_OK },
	{ "encoded slash, relative", "mercure%2F..", ERR_OK, ERR_OK },
	{ "in and out", "mercure/..", ERR_OK, ERR_OK },
	{ "in and out and in", "mercure/../mercure", ERR_DENIED, ERR_OK },
	{ "only a query", "?x", ERR_OK, ERR_OK },
	{ "only a fragment", "#x", ERR_OK, ERR_OK },
	{ "only a blank", " ", ERR_OK, ERR_OK },
	{ "only a scheme, and a query", "http:?x", ERR_OK, ERR_OK },

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
	{ "mixed slashes", "https:\\/h/.well-known\\mercure", ERR_DENIED,
	    ERR_OK },
	{ "backslashes, no scheme", "\\\\h\\.well-known\\mercure", ERR_DENIED,
	    ERR_OK },
	{ "backslashes, not special", "foo:/.well-known\\mercure", ERR_OK,
	    ERR_OK },
	{ "no slash, another scheme", "ws:/.well-known/mercure", ERR_OK,
	    ERR_OK },
	{ "ws", "WS://h/.well-known/mercure", ERR_DENIED, ERR_OK },
	{ "a file", "file:.well-known/mercure", ERR_DENIED, ERR_OK },
	{ "a file on a drive", "file://c:/.well-known/mercure", ERR_OK,
	    ERR_OK },
	{ "relative, https", "HTTPS:mercure", ERR_DENIED, ERR_OK },
	{ "from the root, https", "https:/.well-known/mercure", ERR_DENIED,
	    ERR_OK },
	{ "from the root, http", "http:/.well-known/mercure", ERR_DENIED,
	    ERR_OK },
	{ "relative, and no authority", "http:mercure?://", ERR_DENIED,
	    ERR_OK },
	{ "opaque, like a path", "foo:.well-known/mercure", ERR_OK, ERR_OK },
	{ "opaque, and below", "foo:x/.well-known/mercure/%41", ERR_OK,
	    ERR_OK },
	{ "a host that is not ASCII", "http://\xc3\xa9/.well-known/mercure",
	    ERR_DENIED, ERR_OK },
	{ "a wrong host", "http://[bad/.well-known/mercure", ERR_DENIED,
	    ERR_OK },
	{ "a wrong host, elsewhere", "http://[bad/x", ERR_OK, ERR_OK },
	{ "a wrong port", "http://h:x/.well-known/mercure", ERR_DENIED,
	    ERR_OK },
	{ "a user and no host", "http://u@/.well-known/mercure", ERR_DENIED,
	    ERR_OK },
	{ "an at in the path", "http://h/@h/.well-known/mercure", ERR_OK,
	    ERR_OK },
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
	{ "encoded twice", "/.well-known/%256Dercure", ERR_OK, ERR_OK },
	{ "encoded in pieces", "/.well-known/%%36Dercure", ERR_DENIED, ERR_OK },
	{ "dots in pieces", "/.well-known/%%32e/mercure", ERR_DENIED, ERR_OK },
	{ "encoded backslash", "/.well-known%5Cmercure", ERR_OK, ERR_OK },
	{ "a parameter", "/.well-known/mercure;x", ERR_OK, ERR_OK },
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
		struct problem p = { "" };

		expect(cases[i].name, "topic_check",
		    topic_check(s, LENGTH_MAX, &p), cases[i].publish);
		if ((p.text[0] != '\0') != (cases[i].publish != ERR_OK))
			fail_msg("%s: sentence \"%s\"", cases[i].name, p.text);
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
survives_no_memory(void **state)
{
	/* Relative to either scheme, and a path to be normalized. */
	struct slice topic = slice_of("http:a%41/%2Fmercure");
	enum err e;
	long n = 0;

	(void)state;
	do {
		mem_fail_at(++n);
		e = topic_check(topic, LENGTH_MAX, NULL);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
	} while (mem_failed());
	mem_fail_at(0);
	assert_true(n > 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_topics),
		cmocka_unit_test(refuses_nul),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
