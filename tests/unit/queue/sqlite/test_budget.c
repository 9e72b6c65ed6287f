/* SPDX-License-Identifier: MIT */
/* test_budget.c - bytes written for strangers are counted for all processes. */
#include "unit/unit.h"

#include "base/clock.h"
#include "queue/sqlite/sidecar_state.h"
#include "queue/sqlite/sqlite.h"
#include "unit/presence_room.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RATE 1024 /* a page is four seconds */
#define FOREVER INT64_MAX

static struct queue *
open_with(struct queue_room *r, uint64_t owner, uint64_t rate)
{
	r->settings.stranger_rate = rate;
	return presence_room_open(r, owner);
}

static size_t
room_of(struct queue *q)
{
	unsigned wait_ms = 0;
	const size_t room = queue_stranger_room(q, &wait_ms);

	assert_true((room == 0) == (wait_ms > 0));
	return room;
}

static void
come(struct queue *q, uint8_t token)
{
	struct presence *p = presence_room_somebody("a", token);

	assert_int_equal(
	    presence_room_change(q, PRESENCE_THERE, p, FOREVER), ERR_OK);
	presence_free(p);
}

static void
test_strangers_use_it_up(void **state)
{
	struct queue *q = open_with(*state, 7, RATE);
	struct queue *beside = open_with(*state, 8, RATE);
	const size_t whole = room_of(q);

	assert_in_range(whole, 4 * RATE, 4 * RATE + 1);
	come(q, 1);
	assert_int_equal(room_of(q), whole);
	come(q, 0);
	assert_int_equal(room_of(q), 0);
	assert_int_equal(room_of(beside), 0);
	queue_close(q);
	queue_close(beside);
}

static void
test_no_limit(void **state)
{
	struct queue *q = open_with(*state, 7, 0);

	for (int i = 0; i < 9; i++)
		come(q, 0);
	assert_true(room_of(q) == SIZE_MAX);
	queue_close(q);
}

/* Of the bytes that a transaction wrote, only the strangers' part counts. */
static void
test_share(void **state)
{
	struct queue *q = open_with(*state, 7, 1 << 20);
	struct sidecar *side = ((struct queue_sqlite *)q)->side;
	struct presence *p[] = { presence_room_somebody("a", 1),
		presence_room_somebody("b", 0) };
	struct presence_change changes[COUNT(p)];
	int64_t debt_us;

	for (size_t i = 0; i < COUNT(p); i++)
		changes[i] = (struct presence_change){ .presence = p[i] };
	queue_charge(q, changes, 2, 1024 * 4096);
	debt_us = sidecar_debt_us(side);
	assert_in_range(debt_us, 1, 3000000);
	queue_charge(q, changes, 1, 1024 * 4096);
	assert_true(sidecar_debt_us(side) <= debt_us);
	for (size_t i = 0; i < COUNT(p); i++)
		presence_free(p[i]);
	queue_close(q);
}

/* Another user may write any number there, and no process waits forever. */
static void
test_any_word(void **state)
{
	static const int64_t words[] = { INT64_MIN, -1, 0, 1, INT64_MAX,
		INT64_MAX - SIDECAR_DEBT_MAX_US, INT64_MAX / 2 };
	struct queue *q = open_with(*state, 7, RATE);
	struct sidecar *side = ((struct queue_sqlite *)q)->side;

	for (size_t i = 0; i < COUNT(words); i++) {
		atomic_store(&side->page->owed_us, words[i]);
		assert_int_equal(sidecar_debt_us(side), 0);
		sidecar_owe(side, 5000000);
		assert_in_range(sidecar_debt_us(side), 1, 5000000);
		sidecar_owe(side, INT64_MAX);
		assert_in_range(sidecar_debt_us(side), 1, SIDECAR_DEBT_MAX_US);
	}
	atomic_store(&side->page->owed_us,
	    clock_mono_ms() * 1000 + 2 * SIDECAR_DEBT_MAX_US - 1000000);
	assert_in_range(sidecar_debt_us(side), 1, SIDECAR_DEBT_MAX_US);
	queue_close(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_strangers_use_it_up),
		QUEUE_ROOM_TEST(test_no_limit),
		QUEUE_ROOM_TEST(test_share),
		QUEUE_ROOM_TEST(test_any_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
