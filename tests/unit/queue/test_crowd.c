/* SPDX-License-Identifier: MIT */
/* test_crowd.c - many who come at once, and two who would be the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "queue/sqlite/sqlite.h"
#include "unit/presence_room.h"

static uint32_t
word(struct queue *q)
{
	return sidecar_word(((struct queue_sqlite *)q)->side);
}

static void
count_kind(void *arg, uint64_t at, const struct update *u)
{
	size_t *counts = arg;

	(void)at;
	counts[u->kind]++;
}

/* What the hub tells pushes nothing of the applications' out of history. */
static void
read_kinds(struct queue *q, uint64_t epoch, size_t counts[UPDATE_KINDS],
    struct queue_span *span)
{
	memset(counts, 0, UPDATE_KINDS * sizeof(counts[0]));
	assert_int_equal(
	    queue_read(q, 0, epoch, 100000, 1 << 28, count_kind, counts, span),
	    ERR_OK);
}

/* As if the last `n` had been written at that time. */
static void
date_last(struct queue *q, int n, const char *at_ms)
{
	char sql[128];

	snprintf(sql, sizeof(sql),
	    "UPDATE updates SET at_ms = %s WHERE seq > (SELECT max(seq) - %d "
	    "FROM updates)",
	    at_ms, n);
	assert_int_equal(
	    sqlite3_exec(((struct queue_sqlite *)q)->db, sql, NULL, NULL, NULL),
	    SQLITE_OK);
}

static void
come_and_go(struct queue *q)
{
	struct presence *p = presence_room_somebody("a", 1);

	assert_int_equal(presence_room_change(q, PRESENCE_THERE, p, 0), ERR_OK);
	assert_int_equal(presence_room_change(q, PRESENCE_GONE, p, 0), ERR_OK);
	presence_free(p);
}

static void
test_own_retention(void **state)
{
	enum { ROUNDS = 100, EACH = 50 };
	struct queue_room *room = *state;
	struct presence_change changes[2 * EACH];
	size_t counts[UPDATE_KINDS] = { 0, 0 };
	struct queue_span span = { 0 };
	uint64_t epoch = 0;
	struct queue *q;
	char id[16];

	room->settings.rows_max = 10;
	q = presence_room_open(room, 7);
	for (int i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "%d", i);
		assert_int_equal(queue_room_put(q, id), ERR_OK);
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < EACH; i++) {
			struct presence *p = presence_room_somebody("a", 1);

			changes[i] = (struct presence_change){ PRESENCE_THERE,
				p, 0, NULL };
			changes[EACH + i] =
			    (struct presence_change){ PRESENCE_GONE, p, 0,
				    NULL };
		}
		assert_int_equal(
		    queue_present(q, changes, 2 * EACH, &epoch, NULL), ERR_OK);
		/* However slow this is, they are young. */
		date_last(q, 2 * EACH, "9e15");
		for (size_t i = 0; i < EACH; i++)
			presence_free((struct presence *)changes[i].presence);
	}
	/* Nobody can have read them yet. */
	read_kinds(q, epoch, counts, &span);
	assert_int_equal(counts[UPDATE_HUB], 2 * ROUNDS * EACH);

	date_last(q, 2 * ROUNDS * EACH, "0");
	for (int i = 0; i < 2 * ROUNDS * EACH / 1000; i++)
		come_and_go(q);
	read_kinds(q, epoch, counts, &span);
	assert_int_equal(counts[UPDATE_APPLICATION], 10);
	assert_in_range(counts[UPDATE_HUB], 900, 1000 + 2 * EACH + 10);
	assert_int_equal(span.floor, 0);
	queue_close(q);
}

/* A position that was copied: who is faster has the row. */
static void
test_taken_by_another(void **state)
{
	struct queue *one = presence_room_open(*state, 1);
	struct queue *two = presence_room_open(*state, 2);
	struct presence *p = presence_room_somebody("a", 1);
	bool refused = false;
	const struct presence_change c = { PRESENCE_THERE, p, 0, &refused };
	const int64_t later = clock_real_ms() + 60000;
	uint64_t epoch;

	assert_int_equal(
	    presence_room_change(one, PRESENCE_PARKED, p, later), ERR_OK);
	assert_int_equal(queue_present(one, &c, 1, &epoch, NULL), ERR_OK);
	assert_false(refused);
	assert_int_equal(queue_present(two, &c, 1, &epoch, NULL), ERR_OK);
	assert_true(refused);
	assert_int_equal(queue_present(one, &c, 1, &epoch, NULL), ERR_OK);
	assert_false(refused);
	assert_string_equal(presence_room_told(one), "+a ");
	queue_close(one);
	queue_close(two);
	presence_free(p);
}

/* Many at a time are not to outrun those who read. */
static void
test_bell_for_a_crowd(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	uint32_t before;

	queue_wake(q);
	before = word(q);
	for (int i = 0; i < 128; i++)
		come_and_go(q);
	assert_int_equal(queue_wake_soon(q), 0);
	assert_int_equal(word(q), before + 1);
	queue_close(q);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, queue_room_make, queue_room_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_own_retention),
		TEST(test_taken_by_another),
		TEST(test_bell_for_a_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
