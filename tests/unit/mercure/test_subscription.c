/* SPDX-License-Identifier: MIT */
/* test_subscription.c - paths and documents of active subscriptions. */
#include "unit/unit.h"

#include "mercure/subscription.h"
#include "text/json.h"
#include "unit/dialect.h"
#include "unit/mem_fail.h"

#define PATH SUBSCRIPTION_PATH
#define CONTEXT "{\"@context\":\"https://mercure.rocks/\","

static const struct slice none = { NULL, 0 };

static const struct subscription_form *
form(void)
{
	return unit_dialect()->subscriptions;
}

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
		form()->path(&b, &(struct subscription_place){
				     selector_topic(slice_of(rows[i].topic)),
				     slice_of(rows[i].subscriber) });
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
	form()->write(&b, &v, none);
	expect(&b, CONTEXT "\"id\":\"" PATH "/a%22%5C%01/s\","
			   "\"type\":\"Subscription\","
			   "\"topic\":\"a\\\"\\\\\\u0001\","
			   "\"subscriber\":\"s\",\"active\":true}");
	v.active = false;
	v.selector = selector_topic(slice_of("t"));
	v.payload = slice_of("{\"n\":1}");
	buf_init(&b, 4096);
	form()->write(&b, &v, slice_of("#last\""));
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
		const struct subscription_place at = {
			selector_topic(slice_of("t")), slice_of(NULL)
		};
		json_t *json = NULL;
		struct buf b;

		buf_init(&b, 4096);
		form()->begin(&b, &at, slice_of("x"));
		for (size_t i = 0; i < n; i++)
			subscription_add(&b, form(), i == 0, &v);
		form()->end(&b);
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
		form()->write(&b, &v, none);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(b.err, failed ? ERR_NOMEM : ERR_OK);
		buf_free(&b);
	}
}

static void
test_paths_are_read(void **state)
{
	static const struct {
		const char *path, *topic, *subscriber;
	} rows[] = {
		{ PATH, NULL, NULL },
		{ PATH "/a", "a", NULL },
		{ PATH "/a%2Fb/urn%3As", "a/b", "urn:s" },
		{ PATH "/a%252Fb", "a%2Fb", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct subscription_place at;
		struct buf text;

		buf_init(&text, 100);
		assert_int_equal(
		    form()->read_path(&at, &text, slice_of(rows[i].path), NULL),
		    ERR_OK);
		assert_int_equal(
		    at.selector.text.base == NULL, rows[i].topic == NULL);
		assert_true(slice_is(at.selector.text, rows[i].topic));
		assert_int_equal(
		    at.subscriber.base == NULL, rows[i].subscriber == NULL);
		assert_true(slice_is(at.subscriber, rows[i].subscriber));
		buf_free(&text);
	}
}

static void
test_other_paths_are_refused(void **state)
{
	static const char *const rows[] = { PATH "/", PATH "//s", PATH "/a/",
		PATH "/a/s/x", PATH "/%FF", PATH "/%0A" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct problem p = { "" };
		struct subscription_place at;
		struct buf text;

		buf_init(&text, 100);
		assert_int_equal(
		    form()->read_path(&at, &text, slice_of(rows[i]), &p),
		    ERR_NOTFOUND);
		assert_non_null(strstr(p.text, PATH));
		buf_free(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_paths_are_read),
		cmocka_unit_test(test_other_paths_are_refused),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_collections),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
