/* SPDX-License-Identifier: MIT */
/* test_patterns.c - how many patterns each owner may add. */
#include "unit/unit.h"

#include <pthread.h>

#include "fanout/patterns.h"
#include "unit/mem_fail.h"

#define THREADS 4
#define ROUNDS 2000

/* The weight of "/N/{x}". */
#define EACH 3

static void
list_of(struct matcher_list *l, int from, int n)
{
	memset(l, 0, sizeof(*l));
	for (int i = from; i < from + n; i++) {
		struct matcher *m = NULL;
		char text[32];

		snprintf(text, sizeof(text), "/%d/{x}", i);
		assert_int_equal(
		    matcher_new(&m, selector_topic(slice_of(text)), NULL),
		    ERR_OK);
		assert_int_equal(matcher_weight(m), EACH);
		assert_int_equal(matcher_list_add(l, m), ERR_OK);
	}
}

/* Clients claim one after the other; the answer to the last one. */
static const struct {
	const char *name;
	struct pattern_limits limits;
	struct {
		const char *id; /* NULL: not known */
		bool anonymous;
		int from, n; /* patterns by number */
	} claims[4];
	const char *refused; /* the setting; NULL: all are granted */
	uint64_t weight;     /* of all in the end */
} rows[] = {
	{ "nothing is limited", { 0, 0 },
	    { { "a", true, 0, 100 }, { "b", false, 100, 100 } }, NULL,
	    200 * EACH },
	{ "a known pattern costs nothing", { 40 * EACH, 10 * EACH },
	    { { "a", true, 0, 10 }, { "b", true, 0, 10 }, { "b", true, 5, 10 },
		{ "a", true, 0, 15 } },
	    NULL, 15 * EACH },
	{ "one client too many", { 100 * EACH, 10 * EACH },
	    { { "a", true, 0, 10 }, { "a", true, 10, 1 } },
	    "MERCURE_MAX_PATTERN_WEIGHT_PER_CLIENT", 10 * EACH },
	{ "a token is not an address", { 100 * EACH, 10 * EACH },
	    { { "a", true, 0, 10 }, { "a", false, 10, 10 } }, NULL, 20 * EACH },
	{ "unknown clients have only the total", { 40 * EACH, 10 * EACH },
	    { { NULL, true, 0, 20 } }, NULL, 20 * EACH },
	{ "strangers have half", { 40 * EACH, 0 },
	    { { NULL, true, 0, 20 }, { "b", true, 20, 1 } },
	    "MERCURE_MAX_PATTERN_WEIGHT", 20 * EACH },
	{ "the rest is for others", { 40 * EACH, 0 },
	    { { NULL, true, 0, 20 }, { "t", false, 20, 20 } }, NULL,
	    40 * EACH },
	{ "the total", { 40 * EACH, 0 },
	    { { "t", false, 0, 40 }, { "u", false, 40, 1 } },
	    "MERCURE_MAX_PATTERN_WEIGHT", 40 * EACH },
	{ "all or nothing", { 40 * EACH, 0 },
	    { { "t", false, 0, 30 }, { "u", false, 20, 30 } },
	    "MERCURE_MAX_PATTERN_WEIGHT", 30 * EACH },
};

static enum err
claim(struct pattern_claim **out, struct patterns *p, size_t row, size_t i,
    struct problem *why)
{
	const struct pattern_client who = { .id = slice_of(
						rows[row].claims[i].id),
		.anonymous = rows[row].claims[i].anonymous };
	struct matcher_list l;
	enum err e;

	list_of(&l, rows[row].claims[i].from, rows[row].claims[i].n);
	e = patterns_claim(out, p, &l, &who, &rows[row].limits, why);
	matcher_list_free(&l);
	return e;
}

static void
are_counted(void **state)
{
	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct pattern_claim *claims[4] = { NULL };
		struct problem why = { "" };
		struct patterns *p = NULL;
		enum err e = ERR_OK;

		assert_int_equal(patterns_new(&p), ERR_OK);
		for (size_t i = 0; i < 4 && rows[row].claims[i].n > 0; i++) {
			assert_int_equal(e, ERR_OK);
			e = claim(&claims[i], p, row, i, &why);
		}
		if (e != (rows[row].refused != NULL ? ERR_LIMIT : ERR_OK))
			fail_msg("%s: %d", rows[row].name, (int)e);
		if (e == ERR_LIMIT)
			assert_non_null(strstr(why.text, rows[row].refused));
		if (patterns_weight(p) != rows[row].weight)
			fail_msg("%s: weight", rows[row].name);
		for (size_t i = 0; i < 4; i++)
			pattern_claim_free(claims[i]);
		assert_true(patterns_weight(p) == 0);
		patterns_free(p);
	}
	patterns_free(NULL);
}

/* An exact matcher is not claimed. */
static void
exact_topics_cost_nothing(void **state)
{
	const struct pattern_limits limits = { 1, 1 };
	const struct pattern_client who = { .id = slice_of("a"),
		.anonymous = true };
	struct matcher_list l = { NULL, 0 };
	struct pattern_claim *c = NULL;
	struct patterns *p = NULL;
	struct matcher *m;

	(void)state;
	for (int i = 0; i < 2; i++) {
		m = NULL;
		assert_int_equal(
		    matcher_new(
			&m, selector_topic(slice_of(i ? "*" : "/a")), NULL),
		    ERR_OK);
		assert_int_equal(matcher_list_add(&l, m), ERR_OK);
	}
	assert_int_equal(patterns_new(&p), ERR_OK);
	assert_int_equal(
	    patterns_claim(&c, p, &l, &who, &limits, NULL), ERR_OK);
	assert_null(c);
	matcher_list_free(&l);
	patterns_free(p);
}

static void
without_memory(void **state)
{
	const struct pattern_limits limits = { 0, 0 };
	const struct pattern_client who = { .id = slice_of("a"),
		.anonymous = true };
	struct pattern_claim *c = NULL;
	struct patterns *p = NULL;
	enum err e = ERR_NOMEM;
	struct matcher_list l;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(patterns_new(&p), ERR_NOMEM);
	mem_fail_at(0);
	assert_int_equal(patterns_new(&p), ERR_OK);
	list_of(&l, 0, 3);
	for (long n = 1; e != ERR_OK; n++) {
		mem_fail_at(n);
		e = patterns_claim(&c, p, &l, &who, &limits, NULL);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		mem_fail_at(0);
		assert_true(patterns_weight(p) == (e == ERR_OK ? 3 * EACH : 0));
	}
	pattern_claim_free(c);
	assert_true(patterns_weight(p) == 0);
	matcher_list_free(&l);
	patterns_free(p);
}

static void *
come_and_go(void *arg)
{
	const struct pattern_limits limits = { 1000, 1000 };
	const struct pattern_client who = { .id = slice_of("a"),
		.anonymous = false };
	struct matcher_list l;

	list_of(&l, 0, 5);
	for (int i = 0; i < ROUNDS; i++) {
		struct pattern_claim *c = NULL;

		if (patterns_claim(&c, arg, &l, &who, &limits, NULL) != ERR_OK)
			break;
		pattern_claim_free(c);
	}
	matcher_list_free(&l);
	return NULL;
}

static void
from_many_threads(void **state)
{
	pthread_t threads[THREADS];
	struct patterns *p = NULL;

	(void)state;
	assert_int_equal(patterns_new(&p), ERR_OK);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, come_and_go, p), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_true(patterns_weight(p) == 0);
	patterns_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_counted),
		cmocka_unit_test(exact_topics_cost_nothing),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(from_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
