/* SPDX-License-Identifier: MIT */
/* test_presence.c - subscribers' rows: room in the log, and wake-ups. */
#include "unit/unit.h"

#include <unistd.h>

#include "queue/sqlite/sqlite.h"
#include "unit/presence_room.h"
#include "unit/queue_files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Set the time at which the last `n` rows were written. */
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

/* The hub's updates push no update of an application out of the log. */
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
		/* They stay young, however slow this test is. */
		date_last(q, 2 * EACH, "9e15");
		for (size_t i = 0; i < EACH; i++)
			presence_free((struct presence *)changes[i].presence);
	}
	/* Young rows stay, since readers may need them. */
	queue_room_count(q, counts, &span);
	assert_int_equal(counts[UPDATE_HUB], 2 * ROUNDS * EACH);

	date_last(q, 2 * ROUNDS * EACH, "0");
	for (int i = 0; i < 2 * ROUNDS * EACH / 1000; i++)
		come_and_go(q);
	queue_room_count(q, counts, &span);
	assert_int_equal(counts[UPDATE_APPLICATION], 10);
	assert_in_range(counts[UPDATE_HUB], 900, 1000 + 2 * EACH + 10);
	assert_int_equal(span.floor, 0);
	queue_close(q);
}

static uint32_t
word(struct queue *q)
{
	return sidecar_word(((struct queue_sqlite *)q)->side);
}

/* One call wakes the readers for many changes, unless they were woken since. */
static void
test_bell(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	struct queue *r = queue_room_open(*state, QUEUE_READ);
	struct presence *p = presence_room_somebody("a", 1);
	uint32_t before = word(q);
	unsigned ms;

	assert_int_equal(queue_notify_soon(q), 0);
	assert_int_equal(word(q), before);

	queue_wake(q);
	assert_int_equal(presence_room_steps(q, "+-+-+", false, p), ERR_OK);
	assert_string_equal(presence_room_published(r), "+a -a +a -a +a ");
	before = word(q);
	while ((ms = queue_notify_soon(q)) > 0) {
		assert_in_range(ms, 1, 200);
		usleep(1000 * ms);
	}
	assert_int_equal(word(q), before + 1);
	/* It would run into the time limit of the test if it did not return. */
	queue_wait(r, 600000);
	assert_int_equal(queue_notify_soon(q), 0);
	assert_int_equal(word(q), before + 1);

	assert_int_equal(presence_room_steps(q, "-", false, p), ERR_OK);
	queue_wake(q);
	assert_int_equal(queue_notify_soon(q), 0);
	assert_int_equal(word(q), before + 2);

	/* Readers are not woken for a call that changed nothing. */
	assert_int_equal(presence_room_steps(q, "-", false, p), ERR_OK);
	assert_int_equal(queue_notify_soon(q), 0);
	assert_int_equal(word(q), before + 2);
	queue_close(q);
	queue_close(r);
	presence_free(p);
}

/* Many changes at a time wake the readers early, so that they keep up. */
static void
test_bell_for_a_crowd(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	uint32_t before;

	queue_wake(q);
	before = word(q);
	for (int i = 0; i < 128; i++)
		come_and_go(q);
	assert_int_equal(queue_notify_soon(q), 0);
	assert_int_equal(word(q), before + 1);
	queue_close(q);
}

/* Without room nothing is written and published; with room it works again. */
static void
test_full(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	sqlite3 *db = ((struct queue_sqlite *)q)->db;
	static char topics[60000];
	struct presence *p, *small = presence_room_somebody("a", 1);
	const struct presence_change changes[] = { { PRESENCE_THERE, small, 0,
						       NULL },
		{ PRESENCE_GONE, small, 0, NULL },
		{ PRESENCE_THERE, small, 0, NULL },
		{ PRESENCE_THERE, NULL, 0, NULL } };
	struct presence_change all[COUNT(changes)];
	uint64_t epoch = 5;
	struct problem why = { "" };

	memset(topics, 'x', sizeof(topics) - 1);
	p = presence_room_somebody(topics, 1);
	memcpy(all, changes, sizeof(all));
	all[3].presence = p;
	sqlite3_exec(db, "PRAGMA max_page_count = 1", NULL, NULL, NULL);
	assert_int_equal(
	    queue_present(q, all, COUNT(all), &epoch, &why), ERR_FULL);
	assert_int_equal(epoch, 5);
	assert_string_not_equal(why.text, "");
	assert_string_equal(presence_room_listed(q, NULL, NULL), "");
	assert_string_equal(presence_room_published(q), "");
	sqlite3_exec(db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
	assert_int_equal(
	    queue_present(q, all, COUNT(all), &epoch, &why), ERR_OK);
	assert_string_equal(presence_room_listed(q, "a", NULL), "a ");
	queue_close(q);
	presence_free(p);
	presence_free(small);
}

static void
test_foreign_writers_are_refused(void **state)
{
	static const char *const writes[] = {
		"INSERT INTO subscribers (key) VALUES (1)",
		"UPDATE subscribers SET owner = 0",
		"DELETE FROM subscribers",
		"INSERT INTO subscriptions VALUES ('a', 0, 1)",
		"UPDATE subscriptions SET key = 1",
		"DELETE FROM subscriptions",
	};
	struct queue_room *room = *state;
	struct queue *q = presence_room_open(room, 7);
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(queue_files_db(room), &db), SQLITE_OK);
	for (size_t i = 0; i < COUNT(writes); i++)
		if (sqlite3_exec(db, writes[i], NULL, NULL, NULL) !=
		    SQLITE_ERROR)
			fail_msg("%s", writes[i]);
	sqlite3_close(db);
	queue_close(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_own_retention),
		QUEUE_ROOM_TEST(test_bell),
		QUEUE_ROOM_TEST(test_bell_for_a_crowd),
		QUEUE_ROOM_TEST(test_full),
		QUEUE_ROOM_TEST(test_foreign_writers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
