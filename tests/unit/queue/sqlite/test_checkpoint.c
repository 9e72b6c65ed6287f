/* SPDX-License-Identifier: MIT */
/* test_checkpoint.c - checkpoints, and open connections. */
#include "unit/unit.h"

#include <sys/stat.h>

#include "queue/sqlite/sqlite.h"
#include "unit/queue_files.h"

#define PAGE 4096
#define LARGE (1 << 20)
#define FEW 1000 /* pages of a log that restarted with an update or two */
/* Large updates until a checkpoint is due, and until it is forced. */
#define ENOUGH (4000 * PAGE / LARGE)
#define TOO_MANY (16000 * PAGE / LARGE)

static char data[LARGE];

static int64_t
size_of(const struct queue_room *r)
{
	struct stat st;

	return stat(queue_files_db(r), &st) == 0 ? st.st_size : -1;
}

static void
put_large(struct queue *q, int n)
{
	const struct update u = { .topics = slice_of("t"),
		.id = slice_of("large"),
		.data = { data, sizeof(data) } };
	const struct update *list = &u;
	struct problem p;

	while (n-- > 0)
		assert_int_equal(queue_append(q, &list, 1, &p), ERR_OK);
}

/* The length of the log after one more commit. */
static int
frames(struct queue *q)
{
	assert_int_equal(queue_room_put(q, "small"), ERR_OK);
	return ((struct queue_sqlite *)q)->wal_pages;
}

static void
test_long_log_is_copied(void **state)
{
	struct queue_room *r = *state;
	struct queue *w = queue_room_open(r, QUEUE_WRITE);
	struct queue_sqlite *q = (struct queue_sqlite *)w;

	put_large(w, ENOUGH - 1);
	assert_false(q->has_checkpointer);
	assert_true(size_of(r) < LARGE);
	put_large(w, 2);
	queue_sqlite_join_checkpoint(q);
	assert_true(size_of(r) >= (int64_t)ENOUGH * LARGE);
	assert_true(frames(w) < FEW);

	put_large(w, ENOUGH + 1);
	queue_close(w); /* waits for the thread */
	assert_true(size_of(r) >= 2 * (int64_t)ENOUGH * LARGE);
}

/* If no thread can be started, the appends make the checkpoint themselves,
 * before the log is too long. */
static void
test_too_long_log_is_not_left(void **state)
{
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);

	atomic_store(&((struct queue_sqlite *)w)->checkpointing, true);
	put_large(w, TOO_MANY - 1);
	assert_true(frames(w) > FEW);
	put_large(w, 2);
	assert_true(frames(w) < FEW);
	queue_close(w);
}

/* A snapshot keeps the log from restarting: not each commit starts a thread. */
static void
test_a_reader_holds_it_up(void **state)
{
	struct queue_room *r = *state;
	struct queue *w = queue_room_open(r, QUEUE_WRITE);
	struct queue_sqlite *q = (struct queue_sqlite *)w;
	sqlite3 *reader = NULL;
	sqlite3_stmt *st = NULL;

	assert_int_equal(queue_room_put(w, "first"), ERR_OK);
	assert_int_equal(sqlite3_open(queue_files_db(r), &reader), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(reader, "SELECT * FROM updates", -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	put_large(w, ENOUGH + 1);
	queue_sqlite_join_checkpoint(q);
	assert_true(frames(w) > FEW);
	assert_false(q->has_checkpointer);
	assert_true(q->wal_pages - q->checkpoint_pages < FEW);

	sqlite3_finalize(st);
	sqlite3_close(reader);
	put_large(w, ENOUGH + 1);
	queue_sqlite_join_checkpoint(q);
	assert_true(frames(w) < FEW);
	queue_close(w);
}

/* One of hundreds of processes keeps the connection, but no statement or
 * page. */
static void
test_small(void **state)
{
	struct queue_room *room = *state;
	struct queue *usual = queue_room_open(room, QUEUE_WRITE), *q;
	int most = 0, used = 0, peak;

	room->settings.small = true;
	q = queue_room_open(room, QUEUE_WRITE);
	for (int i = 0; i < 3; i++) {
		struct queue_sqlite *s = (struct queue_sqlite *)q;

		assert_int_equal(queue_room_put(usual, "u"), ERR_OK);
		assert_int_equal(queue_room_put(q, "s"), ERR_OK);
		for (size_t n = 0; n < SQL_COUNT; n++)
			assert_null(s->statements[n]);
		sqlite3_db_status(((struct queue_sqlite *)usual)->db,
		    SQLITE_DBSTATUS_CACHE_USED, &most, &peak, 0);
		sqlite3_db_status(
		    s->db, SQLITE_DBSTATUS_CACHE_USED, &used, &peak, 0);
		assert_true(used < most);
	}
	assert_string_equal(queue_room_ids(q), "u s u s u s ");
	queue_close(q);
	queue_close(usual);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_long_log_is_copied),
		QUEUE_ROOM_TEST(test_too_long_log_is_not_left),
		QUEUE_ROOM_TEST(test_a_reader_holds_it_up),
		QUEUE_ROOM_TEST(test_small),
	};

	memset(data, 'x', sizeof(data));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
