/* SPDX-License-Identifier: MIT */
/* test_subscription.c - paths and documents of active subscriptions. */
#include "unit/unit.h"

#include "mercure/subscription.h"
#include "text/json.h"
#include "unit/mem_fail.h"

#define PATH SUBSCRIPTION_PATH
#define CONTEXT "{\"@context\":\"https://mercure.rocks/\","

static const struct slice none = { NULL, 0 };

static void
expect(struct buf *b, const char *want)
{
	assert_int_equal(b->err, ERR_OK);
	if (!slice_is(buf_view(b), want))
		fail_msg("%.*s instead of %s", SLICE_ARG(buf_view(b)), want);
	buf_free(b);
}

static void
test_paths(void **state)
{
	static const struct {
		const char *topic, *subscriber, *want;
	} rows[] = {
		{ NULL, NULL, PATH },
		{ "a", NULL, PATH "/a" },
		{ "a", "b", PATH "/a/b" },
		{ "https://example.com/{id}", "urn:uuid:1",
		    PATH
		    "/https%3A%2F%2Fexample.com%2F%7Bid%7D/urn%3Auuid%3A1" },
		{ "a%2Fb", NULL, PATH "/a%252Fb" },
		{ "\xc3\xa4", NULL, PATH "/%C3%A4" },
	};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&b, 4096);
		subscription_path(
		    &b, slice_of(rows[i].topic), slice_of(rows[i].subscriber));
		expect(&b, rows[i].want);
	}
}

static void
test_documents(void **state)
{
	struct subscription_view v = { .selector = selector_topic(
					   slice_of("a\"\\\x01")),
		.subscriber = slice_of("s"),
		.active = true };
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	subscription_write(&b, &v, none);
	expect(&b, CONTEXT "\"id\":\"" PATH "/a%22%5C%01/s\","
			   "\"type\":\"Subscription\","
			   "\"topic\":\"a\\\"\\\\\\u0001\","
			   "\"subscriber\":\"s\",\"active\":true}");
	v.active = false;
	v.selector = selector_topic(slice_of("t"));
	v.payload = slice_of("{\"n\":1}");
	buf_init(&b, 4096);
	subscription_write(&b, &v, slice_of("#last\""));
	expect(&b, CONTEXT "\"id\":\"" PATH "/t/s\",\"type\":\"Subscription\","
			   "\"topic\":\"t\",\"subscriber\":\"s\","
			   "\"active\":false,\"payload\":{\"n\":1},"
			   "\"lastEventID\":\"#last\\\"\"}");
}

static void
test_collections(void **state)
{
	const struct subscription_view v = { .selector =
						 selector_topic(slice_of("t")),
		.subscriber = slice_of("s"),
		.active = true };

	(void)state;
	for (size_t n = 0; n <= 2; n++) {
		json_t *json = NULL;
		struct buf b;

		buf_init(&b, 4096);
		subscription_list_begin(&b, slice_of("t"), slice_of("x"));
		for (size_t i = 0; i < n; i++)
			subscription_list_add(&b, i == 0, &v);
		subscription_list_end(&b);
		assert_int_equal(json_parse(&json, buf_view(&b)), ERR_OK);
		assert_int_equal(
		    json_array_size(json_object_get(json, "subscriptions")), n);
		assert_string_equal(
		    json_string_value(json_object_get(json, "id")), PATH "/t");
		assert_string_equal(
		    json_string_value(json_object_get(json, "lastEventID")),
		    "x");
		json_decref(json);
		buf_free(&b);
	}
}

static void
test_memory(void **state)
{
	const struct subscription_view v = { .selector =
						 selector_topic(slice_of("t")),
		.subscriber = slice_of("s") };
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct buf b;

		buf_init(&b, 4096);
		mem_fail_at(n);
		subscription_write(&b, &v, none);
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
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_collections),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
