/* SPDX-License-Identifier: MIT */
/* test_crowd_count.c - the views of several topics are counted in one walk. */
#include "unit/unit.h"

#include "queue/crowd_count.h"
#include "unit/mem_fail.h"

#define SLOTS 64
#define NOW 1700000000000

static const uint64_t secret[2] = { 1, 2 };

struct memory {
	struct crowd_head head;
	struct crowd_slot slots[SLOTS];
};

static bool
lives(void *arg, uint64_t owner)
{
	(void)arg;
	(void)owner;
	return true;
}

static struct crowd_table
table(struct memory *m)
{
	return (struct crowd_table){ .head = &m->head,
		.slots = m->slots,
		.n = SLOTS,
		.owner = 1,
		.lives = lives };
}

static const struct {
	const char *topic;
	size_t views; /* that there are */
} topics[] = { { "a", 3 }, { "b", 0 }, { "https://example.com/\xc3\xa4", 1 },
	{ "c", 7 }, { "A", 2 } };

#define TOPICS (sizeof(topics) / sizeof(topics[0]))

static void
counts_each(void **state)
{
	struct memory m = { .head = { .format = 0 } };
	struct crowd_table t = table(&m);
	struct crowd_count v[TOPICS];
	size_t at;

	(void)state;
	for (size_t i = 0; i < TOPICS; i++) {
		v[i] = (struct crowd_count){
			crowd_key_topic(slice_of(topics[i].topic)), 99
		};
		for (size_t n = 0; n < topics[i].views; n++)
			assert_int_equal(
			    crowd_table_add_view(&t,
				crowd_key_hide_topic(v[i].topic, secret), NOW,
				&at),
			    ERR_OK);
	}
	for (size_t n = 1; n <= TOPICS; n++) {
		assert_int_equal(crowd_count(&t, secret, NOW, v, n), ERR_OK);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(v[i].n, topics[i].views);
	}
}

/* A topic has a number that depends on its file, and is no token's. */
static void
hides_topics(void **state)
{
	const uint64_t other[2] = { 2, 2 };
	const uint64_t key = crowd_key_topic(slice_of("a"));
	const struct crowd_keys keys = { key, key };

	(void)state;
	assert_int_not_equal(crowd_key_hide_topic(key, secret), key);
	assert_int_not_equal(crowd_key_hide_topic(key, secret),
	    crowd_key_hide_topic(key, other));
	assert_int_not_equal(crowd_key_hide_topic(key, secret),
	    crowd_key_hide(&keys, secret).token);
	assert_int_not_equal(crowd_key_topic(slice_of("")), CROWD_NOBODY);
}

static void
without_memory(void **state)
{
	struct memory m = { .head = { .format = 0 } };
	const struct crowd_table t = table(&m);
	struct crowd_count v = { 1, 99 };

	(void)state;
	mem_fail_at(1);
	assert_int_equal(crowd_count(&t, secret, NOW, &v, 1), ERR_NOMEM);
	mem_fail_at(0);
	assert_int_equal(v.n, 99);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_each),
		cmocka_unit_test(hides_topics),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
