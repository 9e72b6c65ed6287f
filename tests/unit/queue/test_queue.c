/* SPDX-License-Identifier: MIT */
/* test_queue.c - appending, reading, finding and pruning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/sqlite/sqlite.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t
epoch_of(struct queue *q)
{
	struct queue_cursor_key k;

	assert_int_equal(queue_cursor_key(q, &k), ERR_OK);
	return k.epoch;
}

static void
run_sql(struct queue *q, const char *sql)
{
	sqlite3 *db = ((struct queue_sqlite *)q)->db;

	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static int64_t
number(struct queue *q, const char *sql)
{
	sqlite3 *db = ((struct queue_sqlite *)q)->db;
	sqlite3_stmt *st = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static void
test_durability(void **state)
{
	static const struct {
		const char *name;
		bool full;
		int64_t synchronous;
	} cases[] = {
		{ "normal: synced at checkpoints", false, 1 },
		{ "full: synced at each commit", true, 2 },
	};
	struct queue_room *room = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct queue *q;

		room->settings.full = cases[i].full;
		q = queue_room_open(room, QUEUE_WRITE);
		assert_int_equal(queue_room_put(q, "a"), ERR_OK);
		if (number(q, "PRAGMA synchronous") != cases[i].synchronous)
			fail_msg("%s", cases[i].name);
		queue_close(q);
	}
}

struct expected {
	const struct update *updates;
	size_t seen, count;
};

static void
assert_slice(const char *name, struct slice got, struct slice want)
{
	if ((got.base == NULL) != (want.base == NULL) || !slice_eq(got, want))
		fail_msg("%s: \"%.*s\"", name, SLICE_ARG(got));
}

static void
compare(void *arg, uint64_t at, const struct update *u)
{
	struct expected *x = arg;
	const struct update *want = &x->updates[x->seen++];

	assert_true(x->seen <= x->count);
	assert_int_equal(at, x->seen);
	assert_slice("topics", u->topics, want->topics);
	assert_slice("id", u->id, want->id);
	assert_slice("type", u->type, want->type);
	assert_slice("data", u->data, want->data);
	assert_int_equal(u->has_retry, want->has_retry);
	assert_int_equal(u->retry_ms, want->retry_ms);
	assert_int_equal(u->private, want->private);
	assert_int_equal(u->kind, want->kind);
}

static void
test_what_goes_in_comes_out(void **state)
{
	const struct update updates[] = {
		{ .topics = slice_of("t"), .id = slice_of("1") },
		{ .topics = slice_of("a\nb\nc"),
		    .id = slice_of("urn:x"),
		    .type = slice_of("t"),
		    .data = slice_of("one\r\ntwo\n\n"),
		    .retry_ms = 999999999,
		    .has_retry = true,
		    .private = true },
		{ .topics = slice_of("t"),
		    .id = slice_of("3"),
		    .data = slice_of(""),
		    .has_retry = true },
		{ .topics = slice_of("t"),
		    .id = slice_of("\xc3\xa9"),
		    .data = slice_of("\xf0\x9f\x98\x80") },
		{ .topics = slice_of("t"),
		    .id = slice_of("hub"),
		    .kind = UPDATE_HUB },
	};
	const struct update *list[COUNT(updates)];
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);
	struct queue *r = queue_room_open(*state, QUEUE_READ);
	struct expected x = { updates, 0, COUNT(updates) };
	struct queue_span span;
	uint64_t at;
	struct problem p;

	for (size_t i = 0; i < COUNT(updates); i++)
		list[i] = &updates[i];
	assert_int_equal(queue_tail(r, &at), ERR_OK);
	assert_int_equal(at, 0);
	assert_int_equal(queue_append(w, list, 2, &p), ERR_OK);
	assert_int_equal(queue_append(w, list + 2, 3, &p), ERR_OK);
	assert_int_equal(queue_append(r, list, 1, &p), ERR_READONLY);
	assert_int_equal(
	    queue_read(r, 0, epoch_of(r), 100, 1000, compare, &x, &span),
	    ERR_OK);
	assert_int_equal(x.seen, x.count);
	assert_int_equal(span.rows, x.count);
	assert_int_equal(span.next, x.count);
	assert_int_equal(span.floor, 0);
	assert_int_equal(queue_tail(r, &at), ERR_OK);
	assert_int_equal(at, x.count);
	queue_close(w);
	queue_close(r);
}

static void
ignore_row(void *arg, uint64_t at, const struct update *u)
{
	(void)arg;
	(void)at;
	(void)u;
}

static void
test_read_limits(void **state)
{
	static const struct {
		const char *name;
		uint64_t after;
		size_t rows_max, bytes_max, rows;
		uint64_t next;
	} cases[] = {
		{ "all", 0, 100, 10000, 10, 10 },
		{ "rows", 0, 3, 10000, 3, 3 },
		{ "from the middle", 4, 3, 10000, 3, 7 },
		{ "at the end", 10, 3, 10000, 0, 10 },
		{ "behind the end", 11, 3, 10000, 0, 11 },
		{ "no position of ours", UINT64_MAX, 3, 10000, 0, INT64_MAX },
		{ "one row at least", 0, 100, 0, 1, 1 },
		{ "one byte is full", 0, 100, 1, 1, 1 },
		{ "bytes", 0, 100, 9, 3, 3 },
		{ "no rows wanted", 2, 0, 100, 0, 2 },
	};
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);

	for (int i = 0; i < 10; i++)
		assert_int_equal(queue_room_put(w, "i"), ERR_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct queue_span s;

		assert_int_equal(queue_read(w, cases[i].after, epoch_of(w),
				     cases[i].rows_max, cases[i].bytes_max,
				     ignore_row, NULL, &s),
		    ERR_OK);
		if (s.rows != cases[i].rows || s.next != cases[i].next)
			fail_msg("%s: %zu rows to %llu", cases[i].name, s.rows,
			    (unsigned long long)s.next);
	}
	queue_close(w);
}

static void
test_other_epoch_gets_no_rows(void **state)
{
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);
	struct queue_span s;

	assert_int_equal(queue_room_put(w, "a"), ERR_OK);
	assert_int_equal(
	    queue_read(w, 7, epoch_of(w) + 1, 10, 100, ignore_row, NULL, &s),
	    ERR_OK);
	assert_int_equal(s.rows, 0);
	assert_int_equal(s.next, 0);
	assert_true(s.epoch == epoch_of(w));
	queue_close(w);
}

static void
test_find(void **state)
{
	struct queue_room *room = *state;
	struct queue *w = queue_room_open(room, QUEUE_WRITE);
	char third[QUEUE_ID_SIZE], last[QUEUE_ID_SIZE], future[QUEUE_ID_SIZE],
	    old[QUEUE_ID_SIZE], foreign[QUEUE_ID_SIZE], floor[QUEUE_ID_SIZE],
	    below[QUEUE_ID_SIZE], zero[QUEUE_ID_SIZE], cut[QUEUE_ID_SIZE];
	struct queue_cursor_key k, other;
	const struct {
		const char *name, *id;
		bool known;
		uint64_t at;
	} cases[] = {
		{ "an id", "five", true, 5 },
		{ "the earliest of a reused id", "again", true, 6 },
		{ "a pruned id", "one", false, 0 },
		{ "never seen", "six", false, 0 },
		{ "empty", "", false, 0 },
		{ "a cursor", third, true, 3 },
		{ "the tail", last, true, 7 },
		{ "the future", future, false, 0 },
		{ "at the floor", floor, true, 2 },
		{ "below the floor", below, false, 0 },
		{ "the very start, pruned", zero, false, 0 },
		{ "old epoch", old, false, 0 },
		{ "foreign key", foreign, false, 0 },
		{ "cut", cut, false, 0 },
		{ "only the mark", "#", false, 0 },
		{ "garbage", "#!!!!!!!!!!!!!!!!!!!!!!", false, 0 },
		{ "not canonical", "#AAAAAAAAAAAAAAAAAAAAAB", false, 0 },
		{ "too long", "#AAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false, 0 },
	};

	static const char *const ids[] = { "one", "two", "three", "four",
		"five", "again", "again" };

	for (size_t i = 0; i < COUNT(ids); i++)
		assert_int_equal(queue_room_put(w, ids[i]), ERR_OK);
	queue_close(w);
	room->settings.rows_max = 5;
	w = queue_room_open(room, QUEUE_WRITE);
	assert_int_equal(queue_append(w, NULL, 0, NULL), ERR_OK);

	assert_int_equal(queue_cursor_key(w, &k), ERR_OK);
	queue_cursor_id(&k, 3, third);
	queue_cursor_id(&k, 7, last);
	queue_cursor_id(&k, 8, future);
	queue_cursor_id(&k, 2, floor);
	queue_cursor_id(&k, 1, below);
	queue_cursor_id(&k, 0, zero);
	snprintf(cut, sizeof(cut), "%.22s", third);
	other = k;
	other.epoch++;
	queue_cursor_id(&other, 3, old);
	other = k;
	other.key[5] ^= 1;
	queue_cursor_id(&other, 3, foreign);
	assert_int_equal(strlen(third), QUEUE_ID_SIZE - 1);

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t at = 9;
		bool known = !cases[i].known;

		assert_int_equal(queue_find(w, slice_of(cases[i].id), NULL,
				     NULL, &at, &known),
		    ERR_OK);
		if (known != cases[i].known || at != cases[i].at)
			fail_msg("%s: %d %llu", cases[i].name, known,
			    (unsigned long long)at);
	}
	queue_close(w);
}

/* A presence update needs no id of its own, and its id needs no row. */
static void
keep_id(void *arg, uint64_t at, const struct update *u)
{
	(void)at;
	assert_true(u->id.len < QUEUE_ID_SIZE);
	memcpy(arg, u->id.base, u->id.len);
}

static void
test_own_position_as_id(void **state)
{
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);
	const struct update u = { .topics = slice_of("t"), .kind = UPDATE_HUB };
	const struct update *list = &u;
	char id[QUEUE_ID_SIZE] = "";
	struct queue_span s;
	uint64_t at;
	bool known;

	assert_int_equal(queue_append(w, &list, 1, NULL), ERR_OK);
	assert_int_equal(
	    queue_read(w, 0, epoch_of(w), 1, 100, keep_id, id, &s), ERR_OK);
	run_sql(w, "DELETE FROM updates");
	assert_int_equal(
	    queue_find(w, slice_of(id), NULL, NULL, &at, &known), ERR_OK);
	assert_true(known);
	assert_int_equal(at, 1);
	queue_close(w);
}

static void
check_totals(const char *name, struct queue *q)
{
	for (int kind = 0; kind < UPDATE_KINDS; kind++) {
		char sql[256];

		snprintf(sql, sizeof(sql),
		    "SELECT (SELECT count(*) = row_count AND"
		    " coalesce(sum(u.byte_count), 0) = t.byte_count FROM"
		    " updates u WHERE kind = %d) FROM totals t WHERE kind = %d",
		    kind, kind);
		if (number(q, sql) != 1)
			fail_msg("%s: totals of kind %d", name, kind);
	}
}

/* The hub's own rows stay for some seconds in any case. */
static void
age_last(struct queue *q)
{
	run_sql(q, "UPDATE updates SET at_ms = at_ms - 6000 WHERE kind = 1 "
		   "AND seq = (SELECT max(seq) FROM updates)");
}

/* Each limit alone: the rows reach a plateau and the newest stay. */
static void
test_retention(void **state)
{
	static const struct {
		const char *name;
		uint64_t rows, bytes, age_s;
		enum update_kind kind;
		int64_t least, most;
	} cases[] = {
		{ "no limit", 0, 0, 0, UPDATE_APPLICATION, 3000, 3000 },
		{ "rows", 10, 0, 0, UPDATE_APPLICATION, 10, 10 },
		{ "one row", 1, 0, 0, UPDATE_APPLICATION, 1, 1 },
		{ "many rows", 1000, 0, 0, UPDATE_APPLICATION, 1000, 1010 },
		{ "bytes", 0, 6700, 0, UPDATE_APPLICATION, 98, 100 },
		{ "bytes of less than one", 0, 9, 0, UPDATE_APPLICATION, 1, 1 },
		{ "rows and bytes", 50, 6700, 0, UPDATE_APPLICATION, 50, 50 },
		{ "age far off", 0, 0, 604800, UPDATE_APPLICATION, 3000, 3000 },
		{ "age beyond reason", 0, 0, UINT64_MAX, UPDATE_APPLICATION,
		    3000, 3000 },
		{ "the hub's own", 10, 10, 0, UPDATE_HUB, 1000, 1010 },
	};
	struct queue_room *room = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct update u = { .topics = slice_of("t"),
			.id = slice_of("i"),
			.data = slice_of("d"),
			.kind = cases[i].kind };
		const struct update *list = &u;
		struct queue *w;
		int64_t rows;

		room->settings.rows_max = cases[i].rows;
		room->settings.bytes_max = cases[i].bytes;
		room->settings.age_max_s = cases[i].age_s;
		w = queue_room_open(room, QUEUE_WRITE);
		for (int n = 0; n < 3000; n++) {
			assert_int_equal(
			    queue_append(w, &list, 1, NULL), ERR_OK);
			age_last(w);
			rows = number(w, "SELECT sum(row_count) FROM totals");
			if (rows > cases[i].most)
				fail_msg("%s: %lld rows", cases[i].name,
				    (long long)rows);
		}
		rows = number(w, "SELECT count(*) FROM updates");
		if (rows < cases[i].least)
			fail_msg("%s: only %lld rows left", cases[i].name,
			    (long long)rows);
		check_totals(cases[i].name, w);
		run_sql(w, "DELETE FROM updates; UPDATE totals SET"
			   " row_count = 0, byte_count = 0");
		queue_close(w);
	}
}

static void
test_age(void **state)
{
	struct queue_room *room = *state;
	struct queue *w;
	struct queue_span s;

	room->settings.age_max_s = 3600;
	w = queue_room_open(room, QUEUE_WRITE);
	for (int i = 0; i < 10; i++)
		assert_int_equal(queue_room_put(w, "i"), ERR_OK);
	assert_int_equal(queue_append(w, NULL, 0, NULL), ERR_OK);
	assert_int_equal(number(w, "SELECT count(*) FROM updates"), 10);
	run_sql(w, "UPDATE updates SET at_ms = at_ms - 3601000 WHERE seq < 8");
	assert_int_equal(queue_append(w, NULL, 0, NULL), ERR_OK);
	assert_int_equal(number(w, "SELECT min(seq) FROM updates"), 8);
	check_totals("age", w);
	assert_int_equal(
	    queue_read(w, 0, epoch_of(w), 1, 1, ignore_row, NULL, &s), ERR_OK);
	assert_int_equal(s.floor, 7);
	queue_close(w);
}

/* A limit that was lowered is reached in steps, not in one long pause. */
static void
test_bounded_work(void **state)
{
	struct queue_room *room = *state;
	struct queue *w = queue_room_open(room, QUEUE_WRITE);
	const struct update u = { .topics = slice_of("t"),
		.id = slice_of("i") };
	const struct update *list[2500];

	for (size_t i = 0; i < COUNT(list); i++)
		list[i] = &u;
	assert_int_equal(queue_append(w, list, COUNT(list), NULL), ERR_OK);
	queue_close(w);
	room->settings.rows_max = 10;
	w = queue_room_open(room, QUEUE_WRITE);
	for (int left = 1500; left > -500; left -= 1000) {
		assert_int_equal(queue_append(w, NULL, 0, NULL), ERR_OK);
		assert_int_equal(number(w, "SELECT count(*) FROM updates"),
		    left > 10 ? left : 10);
	}
	/* What one call appended stays, whatever the limit is. */
	assert_int_equal(queue_append(w, list, 500, NULL), ERR_OK);
	assert_int_equal(number(w, "SELECT count(*) FROM updates"), 500);
	check_totals("bounded", w);
	queue_close(w);
}

static void
test_hub_rows_push_nothing_out(void **state)
{
	struct queue_room *room = *state;
	const struct update u = { .topics = slice_of("t"), .kind = UPDATE_HUB };
	const struct update *list[1200];
	struct queue *w;
	struct queue_span s;

	for (size_t i = 0; i < COUNT(list); i++)
		list[i] = &u;
	room->settings.rows_max = 5;
	w = queue_room_open(room, QUEUE_WRITE);
	for (int i = 0; i < 3; i++)
		assert_int_equal(queue_room_put(w, "app"), ERR_OK);
	for (int i = 0; i < 3; i++) {
		run_sql(w, "UPDATE updates SET at_ms = 0");
		assert_int_equal(
		    queue_append(w, list, COUNT(list), NULL), ERR_OK);
	}
	assert_int_equal(
	    number(w, "SELECT count(*) FROM updates WHERE kind = 0"), 3);
	assert_int_equal(
	    number(w, "SELECT count(*) FROM updates WHERE kind = 1"), 1200);
	check_totals("hub", w);
	assert_int_equal(
	    queue_read(w, 0, epoch_of(w), 1, 1, ignore_row, NULL, &s), ERR_OK);
	assert_int_equal(s.floor, 0);
	queue_close(w);
}

/* seq never starts again, not even when all rows are gone. */
static void
test_positions_are_never_reused(void **state)
{
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);
	uint64_t at;

	assert_int_equal(queue_room_put(w, "a"), ERR_OK);
	assert_int_equal(queue_room_put(w, "b"), ERR_OK);
	run_sql(w, "DELETE FROM updates");
	assert_int_equal(queue_tail(w, &at), ERR_OK);
	assert_int_equal(at, 2);
	assert_int_equal(queue_room_put(w, "c"), ERR_OK);
	assert_int_equal(queue_tail(w, &at), ERR_OK);
	assert_int_equal(at, 3);
	queue_close(w);
}

static void
test_wait(void **state)
{
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);
	struct queue *r = queue_room_open(*state, QUEUE_READ);

	assert_string_equal(queue_room_ids(r), "");
	assert_int_equal(queue_room_put(w, "a"), ERR_OK);
	queue_wake(w);
	/* Each of these would time the test out if it did not return. */
	queue_wait(r, 600000);
	assert_string_equal(queue_room_ids(r), "a ");
	queue_poke(r);
	queue_wait(r, 600000);
	queue_wait(r, 1);
	queue_close(w);
	queue_close(r);
}

static void
test_memory(void **state)
{
	struct queue_room *room = *state;
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct queue *q = NULL;
		struct problem p = { "" };
		struct queue_cursor_key k = { .epoch = 1 };
		uint64_t at = 9;
		struct queue_span s;
		char id[QUEUE_ID_SIZE] = "?";
		bool known = true;
		enum err e;

		mem_fail_at(n);
		e = queue_open(&q, &room->settings, QUEUE_WRITE, &p);
		if (e != ERR_OK)
			assert_null(q);
		if (e == ERR_OK)
			e = queue_room_put(q, "a");
		if (e == ERR_OK)
			e = queue_cursor_key(q, &k);
		if (e == ERR_OK)
			e = queue_read(
			    q, 0, k.epoch, 9, 99, ignore_row, NULL, &s);
		if (e == ERR_OK &&
		    (e = queue_cursor_id(&k, s.next, id)) != ERR_OK)
			assert_string_equal(id, "");
		if (e == ERR_OK && (e = queue_find(q, slice_of(id), NULL, NULL,
					&at, &known)) != ERR_OK)
			assert_int_equal(at, 9);
		failed = mem_failed();
		mem_fail_at(0);
		/* Shrinking a block may fail without any harm. */
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		queue_close(q);
	}
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, queue_room_make, queue_room_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_durability),
		TEST(test_what_goes_in_comes_out),
		TEST(test_read_limits),
		TEST(test_other_epoch_gets_no_rows),
		TEST(test_find),
		TEST(test_own_position_as_id),
		TEST(test_retention),
		TEST(test_age),
		TEST(test_bounded_work),
		TEST(test_hub_rows_push_nothing_out),
		TEST(test_positions_are_never_reused),
		TEST(test_wait),
		TEST(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
