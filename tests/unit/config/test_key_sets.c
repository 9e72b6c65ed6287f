/* SPDX-License-Identifier: MIT */
/* test_key_sets.c - when a key set is fetched; jwks.t tests the rest. */
#include "unit/unit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/key_sets.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HOUR_MS (INT64_C(3600) * 1000)

/* No server listens there. */
static const struct jwks_source nobody = { "https://127.0.0.1:1/jwks?a=b",
	NULL };

static const struct {
	const char *header;
	int64_t life_s;
} lives[] = {
	{ NULL, 3600 },
	{ "", 3600 },
	{ "public", 3600 },
	{ "max-age=600", 600 },
	{ "public, MAX-AGE=600 , must-revalidate", 600 },
	{ "max-age=\"600\"", 600 },
	{ "s-maxage=700, max-age=600", 600 },
	{ "max-age=1", 60 },
	{ "max-age=0", 60 },
	{ "max-age=-5", 60 },
	{ "max-age=x", 60 },
	{ "max-age=", 3600 },
	{ "max-age=99999", 86400 },
	{ "max-age=99999999999999999999999999", 86400 },
	{ ",,,=", 3600 },
	{ "max-age=600\r\nCache-Control: private", 600 },
	{ "max-age=600\r\nCache-Control: max-age=700", 700 },
};

static void
bounds_the_life_of_a_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lives); i++) {
		char head[128] = "HTTP/1.1 200 OK\r\n\r\n";

		if (lives[i].header != NULL)
			snprintf(head, sizeof(head),
			    "HTTP/1.1 200 OK\r\nCache-Control: %s\r\n\r\n",
			    lives[i].header);
		if (jwks_life_ms(slice_of(head)) != lives[i].life_s * 1000)
			fail_msg("%s", lives[i].header);
	}
}

static void
uses_a_set_for_a_day_more(void **state)
{
	struct queue_keys k = { 0 };

	(void)state;
	assert_false(jwks_is_usable(&k, 1));
	k.changed_ms = 1;
	k.fresh_ms = HOUR_MS;
	assert_true(jwks_is_usable(&k, HOUR_MS + JWKS_KEEP_MS - 1));
	assert_false(jwks_is_usable(&k, HOUR_MS + JWKS_KEEP_MS));
}

static struct queue_keys
row_of(struct queue *q, const char *url)
{
	struct queue_keys k = { 0 };
	enum err e = queue_keys_read(q, slice_of(url), &k, NULL);

	assert_true(e == ERR_OK || e == ERR_NOTFOUND);
	return k;
}

static struct queue_keys
row(struct queue *q)
{
	return row_of(q, nobody.url);
}

/* Rows of key sets, and whether they are fetched now; times relative to now. */
static const struct {
	const char *name;
	bool has_set;
	int64_t fresh_s, tried_s, wanted_s;
	bool tries;
} times[] = {
	{ "none", false, 0, -11, 0, true },
	{ "none, tried just now", false, 0, -5, 0, false },
	{ "fresh", true, 100, -100, 0, false },
	{ "not fresh", true, -1, -100, 0, true },
	{ "not fresh, tried just now", true, -1, -20, 0, false },
	{ "wanted", true, 100, -31, -1, true },
	{ "wanted before the last try", true, 100, -31, -32, false },
	{ "wanted soon after the last try", true, 100, -20, -1, false },
	{ "from a clock that was ahead", true, 90000, -100, 0, true },
	{ "tried by a clock that was ahead", true, -1, 100, 0, true },
};

/* Each case has its own row. */
static void
put(struct queue *q, size_t i, const char *url, int64_t now)
{
	const int64_t tried = now + times[i].tried_s * 1000;
	bool mine = false;

	assert_int_equal(
	    queue_keys_claim(q, slice_of(url), tried, tried, &mine, NULL),
	    ERR_OK);
	if (times[i].has_set)
		assert_int_equal(
		    queue_keys_store(q, slice_of(url), slice_of("set"), now,
			now + times[i].fresh_s * 1000, slice_of(""), NULL),
		    ERR_OK);
}

static void
tries_only_when_it_is_time(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);

	for (size_t i = 0; i < COUNT(times); i++) {
		const int64_t now = clock_real_ms();
		int64_t wanted = times[i].wanted_s;
		struct queue_keys k;
		char url[64];
		const struct jwks_source src = { url, NULL };

		snprintf(url, sizeof(url), "https://127.0.0.1:1/%zu", i);
		put(q, i, url, now);
		jwks_refresh(
		    q, &src, wanted != 0 ? now + wanted * 1000 : 0, NULL);
		k = row_of(q, url);
		if ((k.tried_ms != now + times[i].tried_s * 1000) !=
			times[i].tries ||
		    (k.error.text[0] != '\0') != times[i].tries)
			fail_msg("%s: %s", times[i].name, k.error.text);
		assert_true((k.changed_ms > 0) == times[i].has_set);
	}
	queue_close(q);
}

static void
keeps_the_set_and_the_error(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);

	jwks_refresh(q, &nobody, 0, NULL);
	assert_non_null(strstr(row(q).error.text,
	    "https://127.0.0.1:1/jwks: there is no connection"));
	assert_null(strstr(row(q).error.text, "a=b"));
	queue_close(q);
}

/* A process that ends reports nothing about the server. */
static void
stops_without_a_verdict(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	const _Atomic bool stop = true;

	jwks_refresh(q, &nobody, 0, &stop);
	assert_true(row(q).tried_ms > 0);
	assert_string_equal(row(q).error.text, "");
	queue_close(q);
}

static void
survives_no_memory(void **state)
{
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct buf text;
		int64_t life_ms = 5;
		struct problem p = { "" };
		enum err e;

		(void)state;
		buf_init(&text, QUEUE_KEYS_MAX);
		mem_fail_at(n);
		e = jwks_fetch(&text, &life_ms, &nobody, NULL, &p);
		failed = mem_failed();
		mem_fail_at(0);
		assert_true(e == ERR_IO || (failed && e == ERR_NOMEM));
		assert_true(life_ms == 5 && text.len == 0);
		assert_string_not_equal(p.text, "");
		buf_free(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_the_life_of_a_set),
		cmocka_unit_test(uses_a_set_for_a_day_more),
		QUEUE_ROOM_TEST(tries_only_when_it_is_time),
		QUEUE_ROOM_TEST(keeps_the_set_and_the_error),
		QUEUE_ROOM_TEST(stops_without_a_verdict),
		cmocka_unit_test(survives_no_memory),
	};

	log_open("test", LOG_LEVEL_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
