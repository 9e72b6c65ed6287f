/* SPDX-License-Identifier: MIT */
/* test_presence.c - what is gathered of a subscriber. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mem_fail.h"
#include "presence.h"

static const uint8_t token[GRANT_TOKEN_SIZE] = { 1, 2, 3 };

static struct matcher_list
selectors(const char *texts)
{
	struct matcher_list l = { NULL, 0 };
	struct slice rest = slice_of(texts), text;

	while (slice_cut(&rest, ' ', &text)) {
		struct matcher *m = NULL;

		assert_int_equal(matcher_from_selector(&m, text, NULL), ERR_OK);
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
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
