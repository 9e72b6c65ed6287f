/* SPDX-License-Identifier: MIT */
/* test_presence.c - rows of who subscribes: made, told, listed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "queue/sqlite/sqlite.h"
#include "unit/mem_fail.h"
#include "unit/presence_room.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FOREVER INT64_MAX

/* Change after change of one subscriber: '+' it is there, '~' parked, '-'
 * gone. */
static const struct {
	const char *name, *steps, *told, *listed;
} steps[] = {
	{ "begins", "+", "+a +b ", "a b " },
	{ "begins again", "++", "+a +b ", "a b " },
	{ "begins and ends", "+-", "+a +b -a -b ", "" },
	{ "ends twice", "+--", "+a +b -a -b ", "" },
	{ "ends without a begin", "-", "", "" },
	{ "is parked", "+~", "+a +b ", "a b " },
	{ "is parked twice", "+~~", "+a +b ", "a b " },
	{ "is parked at once", "~", "+a +b ", "a b " },
	{ "is parked and comes back", "+~+", "+a +b ", "a b " },
	{ "is parked and ends", "+~-", "+a +b -a -b ", "" },
	{ "comes back and ends", "+~+-", "+a +b -a -b ", "" },
	{ "begins anew", "+-+", "+a +b -a -b +a +b ", "a b " },
};

static enum presence_state
state_of(char step)
{
	return step == '+'   ? PRESENCE_THERE
	       : step == '~' ? PRESENCE_PARKED
			     : PRESENCE_GONE;
}

static enum err
take_steps(
    struct queue *q, const char *all, bool at_once, const struct presence *p)
{
	struct presence_change changes[8];
	const size_t n = strlen(all);
	uint64_t epoch = 0;
	enum err e = ERR_OK;

	for (size_t i = 0; i < n; i++)
		changes[i] = (struct presence_change){ state_of(all[i]), p,
			FOREVER, NULL };
	if (at_once)
		return queue_present(q, changes, n, &epoch, NULL);
	for (size_t i = 0; i < n && e == ERR_OK; i++)
		e = queue_present(q, &changes[i], 1, &epoch, NULL);
	return e;
}

static void
check_steps(size_t i, bool at_once)
{
	struct presence *p = presence_room_somebody("b a b", 1);
	struct queue *q;
	void *room = NULL;

	assert_int_equal(queue_room_make(&room), 0);
	q = presence_room_open(room, 7);
	assert_int_equal(take_steps(q, steps[i].steps, at_once, p), ERR_OK);
	if (strcmp(presence_room_told(q), steps[i].told) != 0)
		fail_msg("%s: told %s", steps[i].name, presence_room_told(q));
	if (strcmp(presence_room_listed(q, NULL, NULL), steps[i].listed) != 0)
		fail_msg("%s: listed %s", steps[i].name,
		    presence_room_listed(q, NULL, NULL));
	queue_close(q);
	presence_free(p);
	queue_room_remove(&room);
}

static void
test_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		check_steps(i, false);
		check_steps(i, true);
	}
}

/* The rows of the log as they are, one a line. */
static void
add_row(void *arg, uint64_t at, const struct update *u)
{
	char *text = arg;
	const size_t len = strlen(text);

	(void)at;
	snprintf(text + len, 4096 - len, "%d %d %.1s %.*s %.*s\n", u->kind,
	    u->private, u->id.base, SLICE_ARG(u->topics), SLICE_ARG(u->data));
}

static void
test_what_is_told(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	struct presence *p = presence_room_somebody("b/{c}\"", 1);
	struct queue_span span = { 0 };
	char got[4096] = "", want[4096] = "";

	assert_int_equal(take_steps(q, "+-", false, p), ERR_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(queue_read(q, 0, span.epoch, 9, 1 << 20,
				     add_row, got, &span),
		    ERR_OK);
	for (int i = 0; i < 2; i++) {
		char path[256];
		const size_t len = strlen(want);

		snprintf(path, sizeof(path),
		    SUBSCRIPTION_PATH "/b%%2F%%7Bc%%7D%%22/urn%%3Auuid%%3A%s",
		    p->subscriber + strlen("urn:uuid:"));
		snprintf(want + len, sizeof(want) - len,
		    "1 1 # %s {\"@context\":\"https://mercure.rocks/\","
		    "\"id\":\"%s\",\"type\":\"Subscription\","
		    "\"topic\":\"b/{c}\\\"\",\"subscriber\":\"%s\","
		    "\"active\":%s,\"payload\":{\"n\":1}}\n",
		    path, path, p->subscriber, i == 0 ? "true" : "false");
	}
	assert_string_equal(got, want);
	queue_close(q);
	presence_free(p);
}

static void
test_nothing_is_told(void **state)
{
	struct queue_room *room = *state;
	struct presence *p = presence_room_somebody("a", 1);
	uint64_t tail;
	struct queue *q;

	room->settings.owner = 7;
	q = queue_room_open(room, QUEUE_WRITE);
	assert_int_equal(take_steps(q, "+", false, p), ERR_OK);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "a ");
	assert_int_equal(take_steps(q, "-", false, p), ERR_OK);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "");
	assert_int_equal(queue_tail(q, &tail), ERR_OK);
	assert_int_equal(tail, 0);
	queue_close(q);
	presence_free(p);
}

static void
expect_last_id(struct queue *q, const char *want)
{
	struct buf id;
	size_t n = strlen(want);

	buf_init(&id, 100);
	assert_int_equal(queue_subscriptions(q, slice_of("nobody's"),
			     slice_of(NULL), NULL, NULL, &id),
	    ERR_OK);
	if (id.len < n || memcmp(id.base, want, n) != 0)
		fail_msg("%.*s instead of %s", (int)id.len, id.base, want);
	buf_free(&id);
}

static void
test_listing(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	struct presence *p = presence_room_somebody("a b", 1);
	struct presence *other = presence_room_somebody("b", 0);
	const struct {
		const char *name, *topic, *subscriber, *want;
	} rows[] = {
		{ "all", NULL, NULL, "a b b " },
		{ "a topic of one", "a", NULL, "a " },
		{ "a topic of both", "b", NULL, "b b " },
		{ "a topic of nobody", "c", NULL, "" },
		{ "one", "b", p->subscriber, "b " },
		{ "the other one", "b", other->subscriber, "b " },
		{ "not of that topic", "a", other->subscriber, "" },
		{ "no such subscriber", "a", "urn:x", "" },
	};

	expect_last_id(q, "earliest");
	assert_int_equal(take_steps(q, "+", false, p), ERR_OK);
	assert_int_equal(take_steps(q, "+", false, other), ERR_OK);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got =
		    presence_room_listed(q, rows[i].topic, rows[i].subscriber);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, got);
	}
	expect_last_id(q, "#");
	assert_int_equal(queue_room_put(q, "last"), ERR_OK);
	expect_last_id(q, "last");
	queue_close(q);
	presence_free(p);
	presence_free(other);
}

static uint32_t
word(struct queue *q)
{
	return sidecar_word(((struct queue_sqlite *)q)->side);
}

/* The bell rings once for many changes, and not if somebody rang since. */
static void
test_bell(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	struct queue *r = queue_room_open(*state, QUEUE_READ);
	struct presence *p = presence_room_somebody("a", 1);
	uint32_t before = word(q);
	unsigned ms;

	assert_int_equal(queue_wake_soon(q), 0);
	assert_int_equal(word(q), before);

	queue_wake(q);
	assert_int_equal(take_steps(q, "+-+-+", false, p), ERR_OK);
	assert_string_equal(presence_room_told(r), "+a -a +a -a +a ");
	before = word(q);
	while ((ms = queue_wake_soon(q)) > 0) {
		assert_in_range(ms, 1, 200);
		usleep(1000 * ms);
	}
	assert_int_equal(word(q), before + 1);
	/* It would time the test out if it did not return. */
	queue_wait(r, 600000);
	assert_int_equal(queue_wake_soon(q), 0);
	assert_int_equal(word(q), before + 1);

	assert_int_equal(take_steps(q, "-", false, p), ERR_OK);
	queue_wake(q);
	assert_int_equal(queue_wake_soon(q), 0);
	assert_int_equal(word(q), before + 2);

	/* What changed nothing is nothing to ring for. */
	assert_int_equal(take_steps(q, "-", false, p), ERR_OK);
	assert_int_equal(queue_wake_soon(q), 0);
	assert_int_equal(word(q), before + 2);
	queue_close(q);
	queue_close(r);
	presence_free(p);
}

/* No room: nothing is made, nothing is told; then there is room again. */
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
	assert_string_equal(presence_room_told(q), "");
	sqlite3_exec(db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
	assert_int_equal(
	    queue_present(q, all, COUNT(all), &epoch, &why), ERR_OK);
	assert_string_equal(presence_room_listed(q, "a", NULL), "a ");
	queue_close(q);
	presence_free(p);
	presence_free(small);
}

static void
test_read_only(void **state)
{
	struct queue *w = presence_room_open(*state, 7);
	struct queue *r = queue_room_open(*state, QUEUE_READ);
	struct presence *p = presence_room_somebody("a", 1);

	assert_int_equal(take_steps(r, "+", false, p), ERR_READONLY);
	assert_string_equal(presence_room_listed(w, NULL, NULL), "");
	queue_close(w);
	queue_close(r);
	presence_free(p);
}

static void
test_foreign_writers_are_refused(void **state)
{
	static const char *const writes[] = {
		"INSERT INTO subscribers (key) VALUES (1)",
		"UPDATE subscribers SET owner = 0",
		"DELETE FROM subscribers",
		"INSERT INTO subscriptions VALUES ('a', 1)",
		"UPDATE subscriptions SET key = 1",
		"DELETE FROM subscriptions",
	};
	struct queue_room *room = *state;
	struct queue *q = presence_room_open(room, 7);
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(room->db, &db), SQLITE_OK);
	for (size_t i = 0; i < COUNT(writes); i++)
		if (sqlite3_exec(db, writes[i], NULL, NULL, NULL) !=
		    SQLITE_ERROR)
			fail_msg("%s", writes[i]);
	sqlite3_close(db);
	queue_close(q);
}

static void
remove_database(const struct queue_room *r)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < COUNT(suffixes); i++)
		assert_int_equal(unlink(queue_room_path(r, suffixes[i])), 0);
}

/* Another database has none of the rows, and says so by its epoch. */
static void
test_another_database(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	struct presence *p = presence_room_somebody("a", 1);
	struct presence *later = presence_room_somebody("b", 1);
	struct presence_change c = { PRESENCE_THERE, p, 0, NULL };
	uint64_t first = 0, again = 0, second = 0;

	assert_int_equal(queue_present(q, &c, 1, &first, NULL), ERR_OK);
	assert_int_equal(queue_present(q, &c, 1, &again, NULL), ERR_OK);
	assert_true(first == again && first != 0);
	remove_database(*state);
	c.presence = later;
	assert_int_equal(queue_present(q, &c, 1, &second, NULL), ERR_OK);
	assert_true(second != first && second != 0);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "b ");
	queue_close(q);
	presence_free(p);
	presence_free(later);
}

/* Also when nobody publishes, comes or goes. */
static void
test_another_database_in_silence(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	struct presence *p = presence_room_somebody("a", 1);
	const struct presence_change c = { PRESENCE_THERE, p, 0, NULL };
	uint64_t first = 0, reaped = 0;
	bool more;

	assert_int_equal(queue_present(q, &c, 1, &first, NULL), ERR_OK);
	assert_int_equal(queue_reap(q, &reaped, &more, NULL), ERR_OK);
	assert_true(reaped == first && !more);
	remove_database(*state);
	assert_int_equal(queue_reap(q, &reaped, &more, NULL), ERR_OK);
	assert_true(reaped != first && !more);
	queue_close(q);
	presence_free(p);
}

/* Everything once with a queue of its own; *whole: all of it was done. */
static enum err
use(struct queue_room *room, const struct presence *p, bool *begun, bool *ended)
{
	struct queue *q = NULL;
	struct buf last_id;
	uint64_t epoch = 0;
	bool more;
	enum err e;

	*begun = *ended = false;
	buf_init(&last_id, 4096);
	e = queue_open(&q, &room->settings, QUEUE_WRITE, NULL);
	if (e == ERR_OK)
		e = presence_room_change(q, PRESENCE_THERE, p, 0);
	*begun = e == ERR_OK;
	if (e == ERR_OK)
		e = queue_reap(q, &epoch, &more, NULL);
	if (e == ERR_OK)
		e = queue_subscriptions(q, slice_of("nobody's"), slice_of(NULL),
		    NULL, NULL, &last_id);
	if (e == ERR_OK)
		e = presence_room_change(q, PRESENCE_GONE, p, 0);
	*ended = e == ERR_OK;
	buf_free(&last_id);
	queue_close(q);
	return e;
}

static void
test_memory(void **state)
{
	struct queue_room *room = *state;
	struct queue *q = presence_room_open(room, 7);
	bool failed = true;

	room->settings.owner = 8;
	for (long n = 1; failed; n++) {
		struct presence *p = presence_room_somebody("a b", 1);
		const size_t before = strlen(presence_room_told(q));
		bool begun, ended;
		enum err e;

		mem_fail_at(n);
		e = use(room, p, &begun, &ended);
		failed = mem_failed();
		mem_fail_at(0);
		/* Shrinking a block may fail without any harm. */
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		assert_string_equal(
		    presence_room_told(q) + before, ended   ? "+a +b -a -b "
						    : begun ? "+a +b "
							    : "");
		presence_free(p);
	}
	queue_close(q);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, queue_room_make, queue_room_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		TEST(test_what_is_told),
		TEST(test_nothing_is_told),
		TEST(test_listing),
		TEST(test_bell),
		TEST(test_full),
		TEST(test_read_only),
		TEST(test_foreign_writers_are_refused),
		TEST(test_another_database),
		TEST(test_another_database_in_silence),
		TEST(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
