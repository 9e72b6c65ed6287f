/* SPDX-License-Identifier: MIT */
/* test_discovery.c - the URLs and Link values that lead to the hub. */
#include "unit/unit.h"

#include "mercure/discovery.h"
#include "unit/dialect.h"
#include "unit/mem_fail.h"

#define HUB "https://example.com/.well-known/mercure"

static const struct {
	const char *name, *hub, *selectors[2], *last_event_id;
	const char *url, *link;
} cases[] = {
	{ "nothing but the hub", HUB, { NULL }, NULL, HUB,
	    "<" HUB ">; rel=\"mercure\"" },
	{ "a topic", HUB, { "foo" }, NULL, HUB "?topic=foo",
	    "<" HUB ">; rel=\"mercure\"" },
	{ "two, encoded", HUB, { "https://e/{id}?a&b", "*" }, NULL,
	    HUB "?topic=https%3A%2F%2Fe%2F%7Bid%7D%3Fa%26b&topic=%2A",
	    "<" HUB ">; rel=\"mercure\"" },
	{ "a cursor", HUB, { "foo" }, "#Xy_-",
	    HUB "?topic=foo&lastEventID=%23Xy_-",
	    "<" HUB ">; rel=\"mercure\"; last-event-id=\"#Xy_-\"" },
	{ "a cursor alone", HUB, { NULL }, "a b", HUB "?lastEventID=a%20b",
	    "<" HUB ">; rel=\"mercure\"; last-event-id=\"a b\"" },
	{ "quotes in the id", HUB, { NULL }, "a\"b\\c",
	    HUB "?lastEventID=a%22b%5Cc",
	    "<" HUB ">; rel=\"mercure\"; last-event-id=\"a\\\"b\\\\c\"" },
	{ "the hub has a query", HUB "?x=1", { "foo" }, NULL,
	    HUB "?x=1&topic=foo", "<" HUB "?x=1>; rel=\"mercure\"" },
	{ "a host that breaks out", "http://a>\r\n\"", { NULL }, NULL,
	    "http://a>\r\n\"", "<http://a%3E%0D%0A%22>; rel=\"mercure\"" },
};

static void
writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct selector selectors[2];
		struct slice hub = slice_of(cases[i].hub);
		struct slice last = slice_of(cases[i].last_event_id);
		struct buf b;
		size_t n = 0;

		for (; n < 2 && cases[i].selectors[n] != NULL; n++)
			selectors[n] =
			    selector_topic(slice_of(cases[i].selectors[n]));
		buf_init(&b, 1024);
		discovery_url(&b, unit_dialect(), hub, selectors, n, last);
		if (b.err != ERR_OK || !slice_is(buf_view(&b), cases[i].url))
			fail_msg("%s: URL %.*s", cases[i].name,
			    SLICE_ARG(buf_view(&b)));
		buf_clear(&b);
		discovery_link(&b, unit_dialect(), hub, last);
		if (b.err != ERR_OK || !slice_is(buf_view(&b), cases[i].link))
			fail_msg("%s: link %.*s", cases[i].name,
			    SLICE_ARG(buf_view(&b)));
		buf_free(&b);
	}
}

static void
survives_no_memory(void **state)
{
	long n = 0;

	(void)state;
	do {
		const struct slice hub = slice_of(HUB);
		const struct selector selector = selector_topic(hub);
		struct buf b;

		buf_init(&b, 1024);
		mem_fail_at(++n);
		discovery_url(&b, unit_dialect(), hub, &selector, 1, hub);
		discovery_link(&b, unit_dialect(), hub, hub);
		assert_int_equal(b.err, mem_failed() ? ERR_NOMEM : ERR_OK);
		buf_free(&b);
	} while (mem_failed());
	mem_fail_at(0);
	assert_true(n > 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
