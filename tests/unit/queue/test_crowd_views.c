/* SPDX-License-Identifier: MIT */
/* test_crowd_views.c - views are kept, counted, freed, and count for no
 * limit. */
#include "unit/unit.h"

#include <stdlib.h>

#include "queue/crowd_table.h"

#define SLOTS 64
#define NOW 1700000000000
#define ROW(n) ((uint64_t)1 << 62 | (n))

/* Memory that several tables share, each as one process sees it. */
struct memory {
	struct crowd_head head;
	struct crowd_slot slots[SLOTS];
	uint64_t dead; /* the process with this owner number is alive no more */
};

static bool
lives(void *arg, uint64_t owner)
{
	const struct memory *m = arg;

	return owner != m->dead;
}

static struct crowd_table
table(struct memory *m, uint64_t owner)
{
	return (struct crowd_table){ .head = &m->head,
		.slots = m->slots,
		.n = SLOTS,
		.owner = owner,
		.lives = lives,
		.arg = m };
}

static int
memory_make(void **state)
{
	*state = calloc(1, sizeof(struct memory));
	return *state != NULL ? 0 : -1;
}

static int
memory_free(void **state)
{
	free(*state);
	return 0;
}

/* May one more stream come?  It stays. */
static enum crowd_limit
come(struct crowd_table *t, uint64_t token, uint64_t address,
    const struct crowd_limits *limits)
{
	const struct crowd_keys k = { token, address };
	struct crowd_seat seat = { 0 };

	assert_int_equal(crowd_table_take(t, &k, NOW, &seat), ERR_OK);
	return crowd_table_check(t, &k, limits, NOW, &seat);
}

static void
add_to(void *arg, uint64_t topic)
{
	*(uint64_t *)arg += topic;
}

/* The sum of the topics that views have. */
static uint64_t
seen(struct crowd_table *t)
{
	uint64_t sum = 0;

	crowd_table_views(t, NOW, add_to, &sum);
	return sum;
}

static size_t
view(struct crowd_table *t, uint64_t topic)
{
	size_t at = SLOTS;

	assert_int_equal(crowd_table_add_view(t, topic, NOW, &at), ERR_OK);
	return at;
}

static void
test_views(void **state)
{
	const struct crowd_limits one = { 1, 1, 1 };
	struct memory *m = *state;
	struct crowd_table a = table(m, 1), b = table(m, 2);
	const size_t at = view(&a, 1);

	view(&a, 10);
	view(&b, 100);
	assert_int_equal(seen(&b), 111);
	/* No limit counts them, whatever their numbers are. */
	assert_int_equal(come(&a, 1, 100, &one), CROWD_WITHIN);
	assert_int_equal(crowd_table_own(&a), 3);
	crowd_table_reserve_view(&a, at, 0, 0);
	assert_int_equal(seen(&a), 110);
	assert_false(crowd_table_has_view(&a, at));
	assert_false(crowd_table_has_view(&a, SLOTS));
	/* Another's is left alone, as is a stream's slot. */
	for (size_t i = 0; i < SLOTS; i++)
		crowd_table_reserve_view(&b, i, 0, 0);
	assert_int_equal(seen(&a), 10);
	assert_int_equal(crowd_table_own(&a), 2);
}

static void
test_views_away(void **state)
{
	struct memory *m = *state;
	struct crowd_table a = table(m, 1), b = table(m, 2);
	const struct crowd_limits one = { 0, 1, 0 };

	crowd_table_reserve_view(&a, view(&a, 1), ROW(1), NOW + 1);
	crowd_table_reserve_view(&a, view(&a, 10), ROW(1), NOW);
	crowd_table_reserve_view(
	    &a, view(&a, 100), ROW(2), NOW + CROWD_AWAY_MAX_MS);
	crowd_table_reserve_view(&a, view(&a, 1000), 3, NOW + 1);
	assert_int_equal(seen(&b), 101);
	assert_int_equal(come(&b, 1, 1, &one), CROWD_WITHIN);
	crowd_table_return_views(&b, 2);
	crowd_table_return_views(&b, ROW(3));
	assert_int_equal(seen(&b), 101);
	crowd_table_return_views(&b, ROW(1));
	assert_int_equal(seen(&b), 100);
	/* The one whose time was over makes room. */
	for (size_t i = 2; i < SLOTS; i++)
		view(&b, 0);
	assert_int_equal(seen(&b), 100);
}

static void
test_views_of_the_dead(void **state)
{
	struct memory *m = *state;
	struct crowd_table a = table(m, 1), b = table(m, 2);

	view(&a, 1);
	view(&b, 10);
	m->dead = 1;
	assert_int_equal(seen(&b), 11);
	crowd_table_sweep_for_counts(&b, NOW);
	assert_int_equal(seen(&b), 10);
	/* Once a second over all, but a time to come is not trusted. */
	m->dead = 2;
	crowd_table_sweep_for_counts(&a, NOW + 999);
	assert_int_equal(seen(&a), 10);
	crowd_table_sweep_for_counts(&a, NOW - 1);
	assert_int_equal(seen(&a), 0);
	view(&b, 10);
	crowd_table_sweep_for_counts(&a, NOW + 999);
	assert_int_equal(seen(&a), 0);
}

static void
test_views_are_bounded(void **state)
{
	const struct crowd_limits none = { 0, 0, 0 };
	struct crowd_head head = { .format = 0 };
	struct crowd_table t = table(*state, 1);
	struct crowd_slot *slots = calloc(CROWD_VIEW_SLOTS + 1, sizeof(*slots));
	size_t at = 0;

	assert_non_null(slots);
	t.head = &head;
	t.slots = slots;
	t.n = CROWD_VIEW_SLOTS + 1;
	for (size_t i = 0; i < CROWD_VIEW_SLOTS; i++)
		slots[i].who = 1;
	head.top = CROWD_VIEW_SLOTS;
	assert_int_equal(crowd_table_add_view(&t, 1, NOW, &at), ERR_FULL);
	/* A stream has room. */
	assert_int_equal(come(&t, 1, 1, &none), CROWD_WITHIN);
	slots[CROWD_AWAY_VIEW_SLOTS].who = 0;
	t.hint = 0;
	assert_int_equal(crowd_table_add_view(&t, 1, NOW, &at), ERR_OK);
	assert_int_equal(at, CROWD_AWAY_VIEW_SLOTS);
	/* So high it is not kept. */
	crowd_table_reserve_view(&t, at, ROW(1), NOW + 1);
	assert_int_equal(seen(&t), 0);
	free(slots);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, memory_make, memory_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_views),
		TEST(test_views_away),
		TEST(test_views_of_the_dead),
		TEST(test_views_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
