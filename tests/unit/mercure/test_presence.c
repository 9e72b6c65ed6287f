/* SPDX-License-Identifier: MIT */
/* test_presence.c - the content of a subscriber's row. */
#include "unit/unit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "mercure/presence.h"
#include "unit/mem_fail.h"

static const uint8_t token[GRANT_TOKEN_SIZE] = { 1, 2, 3 };

static struct matcher_list
selectors(const char *texts)
{
	struct matcher_list l = { NULL, 0 };
	struct slice rest = slice_of(texts), text;

	while (slice_cut(&rest, ' ', &text)) {
		struct matcher *m = NULL;

		assert_int_equal(
		    matcher_new(&m, selector_topic(text), NULL), ERR_OK);
		assert_int_equal(matcher_list_add(&l, m), ERR_OK);
	}
	return l;
}

static struct presence *
presence(const char *topics, const uint8_t *of)
{
	struct matcher_list l = selectors(topics);
	const struct presence_parts parts = {
		.matchers = &l, .payload = slice_of("{}"), .token = of
	};
	struct presence *p = NULL;

	assert_int_equal(presence_new(&p, &parts), ERR_OK);
	matcher_list_free(&l);
	return p;
}

static void
test_parts(void **state)
{
	struct presence *p = presence("b a/{id} b * a", token);
	struct presence *q = presence("a", NULL);

	(void)state;
	assert_true(slice_is(p->topics, "*\na\na/{id}\nb"));
	assert_true(slice_is(p->payload, "{}"));
	assert_true(p->has_token && !q->has_token);
	assert_memory_equal(p->token, token, sizeof(token));
	assert_true(strncmp(p->subscriber, "urn:uuid:", 9) == 0);
	assert_string_not_equal(p->subscriber, q->subscriber);
	assert_true(p->key != q->key);
	assert_int_equal(p->key >> 62, 1);
	presence_free(p);
	presence_free(q);
}

/* A subscriber with another payload is not the same either. */
static void
test_like_payload(void **state)
{
	static const struct {
		const char *one, *other;
		bool want;
	} rows[] = {
		{ "{}", "{}", true },
		{ NULL, NULL, true },
		{ "{\"a\":1}", "{\"a\":2}", false },
		{ "{}", NULL, false },
		{ NULL, "", false },
	};
	struct matcher_list l = selectors("a");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct presence_parts parts = { .matchers = &l,
			.token = token };
		struct presence *p = NULL, *q = NULL;

		parts.payload = slice_of(rows[i].one);
		assert_int_equal(presence_new(&p, &parts), ERR_OK);
		parts.payload = slice_of(rows[i].other);
		assert_int_equal(presence_new(&q, &parts), ERR_OK);
		assert_int_equal(presence_is_like(p, q), rows[i].want);
		presence_free(p);
		presence_free(q);
	}
	matcher_list_free(&l);
}

#define DELAY_MS 30000
#define ALL ((int64_t)1 << 22)
#define CROWD 20000

static uint64_t
key_of(int64_t arrived_ms)
{
	return (uint64_t)1 << 62 | (uint64_t)(arrived_ms % ALL) << 40 | 5;
}

/* A stranger waits from the arrival in its key on; others never wait. */
static void
test_arrival(void **state)
{
	static const struct {
		const char *name;
		uint64_t signer;
		int64_t ago_ms;
		uint32_t least_ms, most_ms; /* to wait */
	} rows[] = {
		{ "now", PRESENCE_BY_NOBODY, 0, DELAY_MS / 2, DELAY_MS },
		{ "of an empty session", PRESENCE_BY_EMPTY_SESSION, 0,
		    DELAY_MS / 2, DELAY_MS },
		{ "a while ago", PRESENCE_BY_NOBODY, DELAY_MS / 2, 0,
		    DELAY_MS / 2 },
		{ "long enough ago", PRESENCE_BY_NOBODY, DELAY_MS, 0, 0 },
		{ "too long ago: it is new", PRESENCE_BY_NOBODY, 10000000,
		    DELAY_MS / 2, DELAY_MS },
		{ "in the future: it is new", PRESENCE_BY_NOBODY, -10000000,
		    DELAY_MS / 2, DELAY_MS },
		{ "of a session", PRESENCE_BY_SESSION, 0, 0, 0 },
		{ "of a token", PRESENCE_BY_KEY, 0, 0, 0 },
	};
	struct matcher_list l = selectors("a");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct presence_parts parts = { .matchers = &l,
			.signer = rows[i].signer,
			.delay_ms = DELAY_MS };
		struct presence *p = NULL;
		uint32_t wait_ms;

		assert_int_equal(presence_new(&p, &parts), ERR_OK);
		presence_return(p, key_of(clock_real_ms() - rows[i].ago_ms));
		wait_ms = presence_wait_ms(p, clock_real_ms());
		if (wait_ms < rows[i].least_ms || wait_ms > rows[i].most_ms)
			fail_msg("%s: %u", rows[i].name, wait_ms);
		presence_return(p, 0);
		presence_return(p, 99);
		assert_int_equal(p->key >> 62, 1);
		presence_free(p);
	}
	matcher_list_free(&l);
}

static int
compare_keys(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Hundreds of subscribers arrive in the same millisecond. */
static void
test_keys_differ(void **state)
{
	static uint64_t keys[CROWD];
	struct matcher_list l = selectors("a");
	const struct presence_parts parts = { .matchers = &l };

	(void)state;
	for (size_t i = 0; i < CROWD; i++) {
		struct presence *p = NULL;

		assert_int_equal(presence_new(&p, &parts), ERR_OK);
		keys[i] = p->key;
		presence_free(p);
	}
	qsort(keys, CROWD, sizeof(keys[0]), compare_keys);
	for (size_t i = 1; i < CROWD; i++)
		assert_true(keys[i] != keys[i - 1]);
	matcher_list_free(&l);
}

static void
test_like(void **state)
{
	static const uint8_t other[GRANT_TOKEN_SIZE] = { 9 };
	static const struct {
		const char *topics;
		const uint8_t *token;
		bool want;
	} rows[] = {
		{ "a b", token, true },
		{ "b a a", token, true },
		{ "a", token, false },
		{ "a b c", token, false },
		{ "a b", other, false },
		{ "a b", NULL, false },
	};
	struct presence *p = presence("a b", token);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct presence *q = presence(rows[i].topics, rows[i].token);

		assert_int_equal(presence_is_like(p, q), rows[i].want);
		presence_free(q);
	}
	presence_free(p);
}

static void
test_cost(void **state)
{
	struct presence *one = presence("a", NULL),
			*two = presence("a b", NULL);

	(void)state;
	assert_in_range(presence_cost(one), 300, 320);
	assert_in_range(presence_cost(two), 600, 640);
	presence_free(one);
	presence_free(two);
}

static void
test_memory(void **state)
{
	struct matcher_list l = selectors("a b");
	const struct presence_parts parts = { .matchers = &l };
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct presence *p = NULL;
		enum err e;

		mem_fail_at(n);
		e = presence_new(&p, &parts);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		assert_int_equal(p == NULL, failed);
		presence_free(p);
	}
	matcher_list_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_like),
		cmocka_unit_test(test_like_payload),
		cmocka_unit_test(test_arrival),
		cmocka_unit_test(test_keys_differ),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
