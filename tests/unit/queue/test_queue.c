/* SPDX-License-Identifier: MIT */
/* test_queue.c - appending, reading, finding and pruning, for each backend. */
#include "unit/unit.h"

#include "unit/mem_fail.h"
#include "unit/queue_room.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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
	assert_int_equal(queue_room_tail(r, &at), ERR_OK);
	assert_int_equal(at, 0);
	assert_int_equal(queue_append(w, list, 2, &p), ERR_OK);
	assert_int_equal(queue_append(w, list + 2, 3, &p), ERR_OK);
	assert_int_equal(queue_append(r, list, 1, &p), ERR_READONLY);
	assert_int_equal(queue_read(r, 0, queue_room_epoch(r), 100, 1000,
			     compare, &x, &span),
	    ERR_OK);
	assert_int_equal(x.seen, x.count);
	assert_int_equal(span.rows, x.count);
	assert_int_equal(span.next, x.count);
	assert_int_equal(span.floor, 0);
	assert_int_equal(queue_room_tail(r, &at), ERR_OK);
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

		assert_int_equal(queue_read(w, cases[i].after,
				     queue_room_epoch(w), cases[i].rows_max,
				     cases[i].bytes_max, ignore_row, NULL, &s),
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
	assert_int_equal(queue_read(w, 7, queue_room_epoch(w) + 1, 10, 100,
			     ignore_row, NULL, &s),
	    ERR_OK);
	assert_int_equal(s.rows, 0);
	assert_int_equal(s.next, 0);
	assert_true(s.epoch == queue_room_epoch(w));
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

	assert_int_equal(queue_room_key(w, &k), ERR_OK);
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

		assert_int_equal(queue_room_find(w, slice_of(cases[i].id), NULL,
				     NULL, &at, &known),
		    ERR_OK);
		if (known != cases[i].known || at != cases[i].at)
			fail_msg("%s: %d %llu", cases[i].name, known,
			    (unsigned long long)at);
	}
	queue_close(w);
}

/* An update without an id has its position as its id. */
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
	uint64_t at = 0;
	bool known = false;

	assert_int_equal(queue_append(w, &list, 1, NULL), ERR_OK);
	assert_int_equal(
	    queue_read(w, 0, queue_room_epoch(w), 1, 100, copy_id, id, &s),
	    ERR_OK);
	assert_int_equal(
	    queue_room_find(w, slice_of(id), NULL, NULL, &at, &known), ERR_OK);
	assert_true(known);
	assert_int_equal(at, s.next);
	queue_close(w);
}

/* Tests each limit alone: the rows reach a plateau, and the newest stay. */
static void
test_retention(void **state)
{
	static const struct {
		const char *name;
		uint64_t rows, bytes;
		size_t least, most;
	} cases[] = {
		{ "no limit", 0, 0, 500, 500 },
		{ "rows", 10, 0, 10, 10 },
		{ "one row", 1, 0, 1, 1 },
		{ "bytes", 0, 6700, 50, 200 },
		{ "bytes of less than one", 0, 9, 1, 1 },
		{ "rows and bytes", 50, 6700, 50, 50 },
	};
	struct queue_room *room = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t counts[UPDATE_KINDS];
		struct queue_span span;
		struct queue *w;

		room->settings.rows_max = cases[i].rows;
		room->settings.bytes_max = cases[i].bytes;
		w = queue_room_open(room, QUEUE_WRITE);
		for (int n = 1; n <= 500; n++) {
			assert_int_equal(queue_room_put(w, "i"), ERR_OK);
			if (n % 100 != 0)
				continue;
			queue_room_count(w, counts, &span);
			if (counts[UPDATE_APPLICATION] > cases[i].most)
				fail_msg("%s: %zu rows", cases[i].name,
				    counts[UPDATE_APPLICATION]);
		}
		if (counts[UPDATE_APPLICATION] < cases[i].least)
			fail_msg("%s: only %zu rows are left", cases[i].name,
			    counts[UPDATE_APPLICATION]);
		assert_int_equal(span.floor, 500 - counts[UPDATE_APPLICATION]);
		queue_close(w);
		queue_room_lose(room);
	}
}

static void
test_hub_rows_push_nothing_out(void **state)
{
	struct queue_room *room = *state;
	const struct update u = { .topics = slice_of("t"), .kind = UPDATE_HUB };
	const struct update *list[1200];
	size_t counts[UPDATE_KINDS];
	struct queue *w;
	struct queue_span span;

	for (size_t i = 0; i < COUNT(list); i++)
		list[i] = &u;
	room->settings.rows_max = 5;
	w = queue_room_open(room, QUEUE_WRITE);
	for (int i = 0; i < 3; i++)
		assert_int_equal(queue_room_put(w, "app"), ERR_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    queue_append(w, list, COUNT(list), NULL), ERR_OK);
	queue_room_count(w, counts, &span);
	assert_int_equal(counts[UPDATE_APPLICATION], 3);
	assert_true(counts[UPDATE_HUB] >= COUNT(list));
	assert_int_equal(span.floor, 0);
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
	/* Each of these waits would run into the time limit of the test if it
	 * did not return. */
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
			e = queue_room_key(q, &k);
		if (e == ERR_OK)
			e = queue_read(
			    q, 0, k.epoch, 9, 99, ignore_row, NULL, &s);
		if (e == ERR_OK &&
		    (e = queue_cursor_id(&k, s.next, id)) != ERR_OK)
			assert_string_equal(id, "");
		if (e == ERR_OK && (e = queue_room_find(q, slice_of(id), NULL,
					NULL, &at, &known)) != ERR_OK)
			assert_int_equal(at, 9);
		failed = mem_failed();
		mem_fail_at(0);
		/* Shrinking a block may fail without harm. */
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		queue_close(q);
	}
}

static int
run(const char *backend)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_what_goes_in_comes_out),
		QUEUE_ROOM_TEST(test_read_limits),
		QUEUE_ROOM_TEST(test_other_epoch_gets_no_rows),
		QUEUE_ROOM_TEST(test_find),
		QUEUE_ROOM_TEST(test_own_position_as_id),
		QUEUE_ROOM_TEST(test_retention),
		QUEUE_ROOM_TEST(test_hub_rows_push_nothing_out),
		QUEUE_ROOM_TEST(test_wait),
		QUEUE_ROOM_TEST(test_memory),
	};

	return cmocka_run_group_tests_name(backend, tests, NULL, NULL);
}

int
main(void)
{
	return queue_room_each(run);
}
