/* SPDX-License-Identifier: MIT */
/* test_retention.c - rows are counted and pruned. */
#include "unit/unit.h"

#include "unit/queue_files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
ignore_row(void *arg, uint64_t at, const struct update *u)
{
	(void)arg;
	(void)at;
	(void)u;
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
		if (queue_files_number(q, "PRAGMA synchronous") !=
		    cases[i].synchronous)
			fail_msg("%s", cases[i].name);
		queue_close(q);
	}
}

/* An update without an id has its position as its id, which needs no row. */
static void
copy_id(void *arg, uint64_t at, const struct update *u)
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
	    queue_read(w, 0, queue_room_epoch(w), 1, 100, copy_id, id, &s),
	    ERR_OK);
	queue_files_run(w, "DELETE FROM updates");
	assert_int_equal(
	    queue_room_find(w, slice_of(id), NULL, NULL, &at, &known), ERR_OK);
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
		if (queue_files_number(q, sql) != 1)
			fail_msg("%s: totals of kind %d", name, kind);
	}
}

/* The rows of the hub's kind stay for some seconds, whatever the limits are. */
static void
age_last(struct queue *q)
{
	queue_files_run(q,
	    "UPDATE updates SET at_ms = at_ms - 6000 WHERE kind = 1 "
	    "AND seq = (SELECT max(seq) FROM updates)");
}

/* Tests each limit alone: the rows reach a plateau and the newest stay. */
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
			rows = queue_files_number(
			    w, "SELECT sum(row_count) FROM totals");
			if (rows > cases[i].most)
				fail_msg("%s: %lld rows", cases[i].name,
				    (long long)rows);
		}
		rows = queue_files_number(w, "SELECT count(*) FROM updates");
		if (rows < cases[i].least)
			fail_msg("%s: only %lld rows left", cases[i].name,
			    (long long)rows);
		check_totals(cases[i].name, w);
		queue_files_run(w, "DELETE FROM updates; UPDATE totals SET"
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
	assert_int_equal(
	    queue_files_number(w, "SELECT count(*) FROM updates"), 10);
	queue_files_run(
	    w, "UPDATE updates SET at_ms = at_ms - 3601000 WHERE seq < 8");
	assert_int_equal(queue_append(w, NULL, 0, NULL), ERR_OK);
	assert_int_equal(
	    queue_files_number(w, "SELECT min(seq) FROM updates"), 8);
	check_totals("age", w);
	assert_int_equal(
	    queue_read(w, 0, queue_room_epoch(w), 1, 1, ignore_row, NULL, &s),
	    ERR_OK);
	assert_int_equal(s.floor, 7);
	queue_close(w);
}

/* After a limit is lowered, each call removes some rows: none is slow. */
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
		assert_int_equal(
		    queue_files_number(w, "SELECT count(*) FROM updates"),
		    left > 10 ? left : 10);
	}
	/* The rows that one call appended stay, whatever the limit is. */
	assert_int_equal(queue_append(w, list, 500, NULL), ERR_OK);
	assert_int_equal(
	    queue_files_number(w, "SELECT count(*) FROM updates"), 500);
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
		queue_files_run(w, "UPDATE updates SET at_ms = 0");
		assert_int_equal(
		    queue_append(w, list, COUNT(list), NULL), ERR_OK);
	}
	assert_int_equal(queue_files_number(
			     w, "SELECT count(*) FROM updates WHERE kind = 0"),
	    3);
	assert_int_equal(queue_files_number(
			     w, "SELECT count(*) FROM updates WHERE kind = 1"),
	    1200);
	check_totals("hub", w);
	assert_int_equal(
	    queue_read(w, 0, queue_room_epoch(w), 1, 1, ignore_row, NULL, &s),
	    ERR_OK);
	assert_int_equal(s.floor, 0);
	queue_close(w);
}

/* seq does not start again, even if there are no rows left. */
static void
test_positions_are_never_reused(void **state)
{
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);
	uint64_t at;

	assert_int_equal(queue_room_put(w, "a"), ERR_OK);
	assert_int_equal(queue_room_put(w, "b"), ERR_OK);
	queue_files_run(w, "DELETE FROM updates");
	assert_int_equal(queue_room_tail(w, &at), ERR_OK);
	assert_int_equal(at, 2);
	assert_int_equal(queue_room_put(w, "c"), ERR_OK);
	assert_int_equal(queue_room_tail(w, &at), ERR_OK);
	assert_int_equal(at, 3);
	queue_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_durability),
		QUEUE_ROOM_TEST(test_own_position_as_id),
		QUEUE_ROOM_TEST(test_retention),
		QUEUE_ROOM_TEST(test_age),
		QUEUE_ROOM_TEST(test_bounded_work),
		QUEUE_ROOM_TEST(test_hub_rows_push_nothing_out),
		QUEUE_ROOM_TEST(test_positions_are_never_reused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
