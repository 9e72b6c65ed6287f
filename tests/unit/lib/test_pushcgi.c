/* SPDX-License-Identifier: MIT */
/* test_pushcgi.c - the library as an application sees it. */
#include "unit/unit.h"

#include <stdlib.h>

#include "lib/pushcgi.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

extern char **environ;

#define HUB "https://hub.example/.well-known/mercure"

static char *const no_environment[] = { NULL };

/* A room, and the settings of a hub there. */
static struct pushcgi *
open_in(struct queue_room *r, const char *more)
{
	char transport[256];
	const char *const settings[] = { transport,
		"MERCURE_PUBLIC_HUB_URL=" HUB, more, NULL };
	char secret[] = "SECRET_KEY=0123456789abcdef0123456789abcdef";
	char *env[] = { secret, NULL };
	struct pushcgi *h = NULL;

	snprintf(
	    transport, sizeof(transport), "MERCURE_TRANSPORT_URL=%s", r->url);
	environ = env;
	(void)pushcgi_open(&h, NULL, settings);
	environ = (char **)(uintptr_t)no_environment;
	return h;
}

/* Each makes a text, or fails as a whole. */
typedef enum pushcgi_result call_fn(struct pushcgi *h, char **out);

static const char *const topics[] = { "https://example.com/a", "b&c" };

static enum pushcgi_result
call_url(struct pushcgi *h, char **out)
{
	return pushcgi_hub_url(h, out, topics, 2, "#x y");
}

static enum pushcgi_result
call_bare_url(struct pushcgi *h, char **out)
{
	return pushcgi_hub_url(h, out, NULL, 0, NULL);
}

static enum pushcgi_result
call_link(struct pushcgi *h, char **out)
{
	return pushcgi_link(h, out, "a\"b");
}

static enum pushcgi_result
call_last_id(struct pushcgi *h, char **out)
{
	return pushcgi_last_event_id(h, out);
}

static enum pushcgi_result
call_subscriber(struct pushcgi *h, char **out)
{
	return pushcgi_subscriber_token(h, out, topics, 2, "{\"n\":1}", 60);
}

static enum pushcgi_result
call_publisher(struct pushcgi *h, char **out)
{
	return pushcgi_publisher_token(h, out, topics, 2, 0);
}

static enum pushcgi_result
call_cookie(struct pushcgi *h, char **out)
{
	return pushcgi_cookie(h, out, topics, 2, NULL, 0);
}

static enum pushcgi_result
call_cookie_from_token(struct pushcgi *h, char **out)
{
	return pushcgi_cookie_from_token(h, out, "a.b.c", 9);
}

static enum pushcgi_result
call_clear_cookie(struct pushcgi *h, char **out)
{
	return pushcgi_clear_cookie(h, out);
}

static enum pushcgi_result
call_publish(struct pushcgi *h, char **out)
{
	const struct pushcgi_update u = { .topics = topics,
		.topics_n = 2,
		.data = "x",
		.data_len = 1,
		.id = "i:1",
		.type = "note",
		.retry_ms = 5,
		.flags = PUSHCGI_PRIVATE | PUSHCGI_RETRY };

	return pushcgi_publish(h, out, &u);
}

static const struct {
	const char *name;
	call_fn *call;
	const char *want; /* what the text starts with */
} calls[] = {
	{ "hub URL", call_url,
	    HUB "?topic=https%3A%2F%2Fexample.com%2Fa&topic=b%26c"
		"&lastEventID=%23x%20y" },
	{ "hub URL without topics", call_bare_url, HUB },
	{ "link", call_link,
	    "<" HUB ">; rel=\"mercure\"; last-event-id=\"a\\\"b\"" },
	{ "last event id", call_last_id, "#" },
	{ "subscriber token", call_subscriber, "eyJ" },
	{ "publisher token", call_publisher, "eyJ" },
	{ "cookie", call_cookie, "mercureAuthorization=eyJ" },
	{ "cookie from a token", call_cookie_from_token,
	    "mercureAuthorization=a.b.c; Path=/.well-known/mercure; "
	    "Max-Age=309; Secure; HttpOnly; SameSite=Strict" },
	{ "clear cookie", call_clear_cookie,
	    "mercureAuthorization=; Path=/.well-known/mercure; Expires=Thu, "
	    "01 Jan 1970 00:00:01 GMT; Max-Age=0; Secure" },
	{ "publish", call_publish, "i:1" },
};

static void
test_calls(void **state)
{
	struct pushcgi *h = open_in(*state, NULL);

	assert_string_equal(pushcgi_error(h), "");
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char *text = NULL;

		if (calls[i].call(h, &text) != PUSHCGI_OK)
			fail_msg("%s: %s", calls[i].name, pushcgi_error(h));
		if (strncmp(text, calls[i].want, strlen(calls[i].want)) != 0)
			fail_msg("%s: %s", calls[i].name, text);
		pushcgi_free(text);
	}
	pushcgi_close(h);
	pushcgi_close(NULL);
	pushcgi_free(NULL);
	assert_string_equal(pushcgi_version(), PACKAGE_VERSION);
}

/* Also the queue is opened afresh each time. */
static void
test_calls_without_memory(void **state)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		bool failed = true;

		for (long n = 1; failed; n++) {
			struct pushcgi *h = open_in(*state, NULL);
			char untouched = '\0', *text = &untouched;
			enum pushcgi_result r;

			mem_fail_at(n);
			r = calls[i].call(h, &text);
			failed = mem_failed();
			mem_fail_at(0);
			if (r == PUSHCGI_OK) {
				/* done without, or not needed after all */
				assert_ptr_not_equal(text, &untouched);
				pushcgi_free(text);
			} else if (!failed || r != PUSHCGI_MEMORY ||
				   text != &untouched) {
				fail_msg("%s without allocation %ld: %s",
				    calls[i].name, n, pushcgi_error(h));
			}
			pushcgi_close(h);
		}
	}
}

static void
test_open_without_memory(void **state)
{
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct pushcgi *h;

		mem_fail_at(n);
		h = open_in(*state, NULL);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(h == NULL, n == 1);
		assert_string_equal(
		    pushcgi_error(h), failed ? "Out of memory." : "");
		pushcgi_close(h);
	}
}

static void
test_bad_configuration(void **state)
{
	struct pushcgi *h = open_in(*state, "MERCURE_RETRIES=1");
	char why[512];

	assert_non_null(strstr(pushcgi_error(h), "MERCURE_RETRY"));
	snprintf(why, sizeof(why), "%s", pushcgi_error(h));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char *text = NULL;

		assert_int_equal(calls[i].call(h, &text), PUSHCGI_CONFIG);
		assert_null(text);
		assert_string_equal(pushcgi_error(h), why);
	}
	pushcgi_close(h);
}

static const char *const no_topic[] = { NULL };
static const char *const broken[] = { "a\nb" };
static const char *const reserved[] = { "/.well-known/mercure/x" };
static const char *const good[] = { "t" };

static const struct {
	const char *name;
	struct pushcgi_update update;
	enum pushcgi_result want;
	const char *word; /* the sentence holds it */
} bad_updates[] = {
	{ "no topics", { .topics = NULL }, PUSHCGI_ARGUMENT, "topic" },
	{ "topics missing", { .topics_n = 1 }, PUSHCGI_ARGUMENT, "topic" },
	{ "a topic is NULL", { .topics = no_topic, .topics_n = 1 },
	    PUSHCGI_ARGUMENT, "topic" },
	{ "line break", { .topics = broken, .topics_n = 1 }, PUSHCGI_ARGUMENT,
	    "topic" },
	{ "reserved", { .topics = reserved, .topics_n = 1 }, PUSHCGI_DENIED,
	    "reserved" },
	{ "data missing", { .topics = good, .topics_n = 1, .data_len = 1 },
	    PUSHCGI_ARGUMENT, "data" },
	{ "data too long",
	    { .topics = good, .topics_n = 1, .data = "", .data_len = SIZE_MAX },
	    PUSHCGI_ARGUMENT, "MERCURE_MAX_BODY" },
	{ "id of the hub", { .topics = good, .topics_n = 1, .id = "#1" },
	    PUSHCGI_ARGUMENT, "id" },
	{ "type", { .topics = good, .topics_n = 1, .type = "mercure" },
	    PUSHCGI_DENIED, "type" },
};

static void
test_bad_updates(void **state)
{
	struct pushcgi *h = open_in(*state, NULL);
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);

	for (size_t i = 0; i < sizeof(bad_updates) / sizeof(bad_updates[0]);
	     i++) {
		const struct pushcgi_update batch[] = {
			{ .topics = good, .topics_n = 1 }, bad_updates[i].update
		};
		char *ids[2] = { NULL, NULL };
		size_t at = 9;

		if (pushcgi_publish_all(h, ids, batch, 2, &at) !=
			bad_updates[i].want ||
		    at != 1 || ids[0] != NULL)
			fail_msg("%s: at %zu: %s", bad_updates[i].name, at,
			    pushcgi_error(h));
		if (strstr(pushcgi_error(h), bad_updates[i].word) == NULL)
			fail_msg(
			    "%s: %s", bad_updates[i].name, pushcgi_error(h));
	}
	assert_string_equal(queue_room_ids(q), "");
	queue_close(q);
	pushcgi_close(h);
}

static void
test_publish_all(void **state)
{
	const struct pushcgi_update batch[] = {
		{ .topics = good, .topics_n = 1, .id = "a" },
		{ .topics = topics, .topics_n = 2, .id = "b" },
	};
	struct pushcgi *h = open_in(*state, NULL);
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	char *ids[2] = { NULL, NULL };
	size_t at = 9;

	assert_int_equal(
	    pushcgi_publish_all(h, ids, batch, 2, &at), PUSHCGI_OK);
	assert_int_equal(at, 9);
	assert_string_equal(ids[0], "a");
	assert_string_equal(ids[1], "b");
	assert_int_equal(
	    pushcgi_publish_all(h, NULL, batch, 1, NULL), PUSHCGI_OK);
	assert_int_equal(
	    pushcgi_publish_all(h, NULL, NULL, 0, NULL), PUSHCGI_OK);
	assert_int_equal(pushcgi_publish(h, NULL, &batch[1]), PUSHCGI_OK);
	assert_string_equal(queue_room_ids(q), "a b a b ");
	pushcgi_free(ids[0]);
	pushcgi_free(ids[1]);
	queue_close(q);
	pushcgi_close(h);
}

static void
test_bad_arguments(void **state)
{
	struct pushcgi *h = open_in(*state, NULL);
	char *text = NULL;

	assert_int_equal(
	    pushcgi_hub_url(h, &text, broken, 1, NULL), PUSHCGI_ARGUMENT);
	assert_int_equal(
	    pushcgi_hub_url(h, &text, no_topic, 1, NULL), PUSHCGI_ARGUMENT);
	assert_int_equal(
	    pushcgi_hub_url(h, &text, good, 1, "a\r\nb"), PUSHCGI_ARGUMENT);
	assert_int_equal(pushcgi_link(h, &text, "a\r\nb"), PUSHCGI_ARGUMENT);
	assert_int_equal(pushcgi_subscriber_token(h, &text, good, 1, "{", 60),
	    PUSHCGI_ARGUMENT);
	assert_int_equal(pushcgi_subscriber_token(h, &text, good, 1, NULL, -1),
	    PUSHCGI_ARGUMENT);
	assert_int_equal(pushcgi_publisher_token(h, &text, good, 1, INT64_MAX),
	    PUSHCGI_ARGUMENT);
	assert_int_equal(
	    pushcgi_cookie(h, &text, good, 1, NULL, -1), PUSHCGI_ARGUMENT);
	assert_int_equal(
	    pushcgi_cookie_from_token(h, &text, NULL, 0), PUSHCGI_ARGUMENT);
	assert_int_equal(
	    pushcgi_cookie_from_token(h, &text, "a;b", 0), PUSHCGI_ARGUMENT);
	assert_int_equal(
	    pushcgi_cookie_from_token(h, &text, "a", -1), PUSHCGI_ARGUMENT);
	assert_null(text);
	assert_string_not_equal(pushcgi_error(h), "");
	pushcgi_close(h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, room_make, queue_room_remove)

static int
room_make(void **state)
{
	environ = (char **)(uintptr_t)no_environment;
	return queue_room_make(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls),
		TEST(test_calls_without_memory),
		TEST(test_open_without_memory),
		TEST(test_bad_configuration),
		TEST(test_bad_updates),
		TEST(test_publish_all),
		TEST(test_bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
