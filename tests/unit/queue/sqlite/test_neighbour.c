/* SPDX-License-Identifier: MIT */
/* test_neighbour.c - damage that another member of the group can do. */
#include "unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sigbus.h"
#include "queue/sqlite/sqlite.h"
#include "unit/queue_files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static off_t
size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* The log is cut completely, or from its middle on.  No process ends, updates
 * that are accepted afterwards are there for later readers, and so are those
 * accepted before, if their bytes are left. */
static void
test_truncated(void **state)
{
	static const struct {
		const char *suffix;
		off_t size;
		bool copied, loses;
	} cases[] = {
		{ "-shm", 0, false, false },
		{ "-shm", 4096, false, false },
		{ "-hub", 0, false, false },
		{ "-hub", 20, false, false },
		{ "-wal", 0, false, true },
		{ "-wal", 0, true, true },
		{ "-wal", 100, true, true },
		{ "-wal", 10000, true, true },
	};
	struct queue_room *r = *state;

	sigbus_guard();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct queue *w = queue_room_open(r, QUEUE_WRITE), *late;
		struct queue *reader = queue_room_open(r, QUEUE_READ);
		const char *want = cases[i].loses ? "c d " : "a b c d ";

		assert_int_equal(queue_room_put(w, "a"), ERR_OK);
		if (cases[i].copied) {
			assert_int_equal(
			    queue_sqlite_checkpoint((struct queue_sqlite *)w),
			    ERR_OK);
			want = "a c d ";
		}
		assert_int_equal(queue_room_put(w, "b"), ERR_OK);
		assert_string_equal(queue_room_ids(reader), "a b ");
		assert_int_equal(truncate(queue_files_path(r, cases[i].suffix),
				     cases[i].size),
		    0);
		assert_int_equal(queue_room_put(w, "c"), ERR_OK);
		late = queue_room_open(r, QUEUE_READ);
		assert_int_equal(queue_room_put(w, "d"), ERR_OK);
		if (strcmp(queue_room_ids(late), want) != 0)
			fail_msg("%s %ld: %s", cases[i].suffix,
			    (long)cases[i].size, queue_room_ids(late));
		queue_files_wait_for_ids(reader, want);
		assert_int_equal(queue_files_count(r), 4);
		queue_close(w);
		queue_close(reader);
		queue_close(late);
		late = queue_room_open(r, QUEUE_READ);
		assert_string_equal(queue_room_ids(late), want);
		queue_close(late);
		queue_files_remove(r);
	}
}

/* Readers remember positions, so none may be given twice; and a session that is
 * left may have been revoked in what was lost. */
static void
test_lost_updates_leave_a_gap(void **state)
{
	enum { NOTHING, MADE, ONE, TWO, SIZES };
	static const struct {
		int left;    /* of the log */
		bool copied; /* with "a", before "b" */
	} cases[] = {
		{ TWO, false },
		{ ONE, false },
		{ MADE, false },
		{ NOTHING, true },
	};
	struct queue_room *r = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct queue *w = queue_room_open(r, QUEUE_WRITE), *late;
		const uint64_t epoch = queue_room_epoch(w);
		const char *log = queue_files_path(r, "-wal");
		off_t sizes[SIZES] = { 0 };

		queue_files_run(w,
		    "INSERT INTO sessions (digest, change, until_ms, kept_ms, "
		    "topics) VALUES (zeroblob(32), 1, 1, 1, '')");
		sizes[MADE] = size_of(log);
		assert_int_equal(queue_room_put(w, "a"), ERR_OK);
		sizes[ONE] = size_of(log);
		if (cases[i].copied)
			assert_int_equal(
			    queue_sqlite_checkpoint((struct queue_sqlite *)w),
			    ERR_OK);
		assert_int_equal(queue_room_put(w, "b"), ERR_OK);
		sizes[TWO] = size_of(log) - 1;
		assert_int_equal(truncate(log, sizes[cases[i].left]), 0);
		assert_int_equal(queue_room_put(w, "c"), ERR_OK);
		late = queue_room_open(r, QUEUE_READ);
		if (queue_room_epoch(late) != epoch ||
		    queue_files_number(
			late, "SELECT seq FROM updates WHERE id = 'c'") <=
			(int64_t)1 << 32 ||
		    queue_files_number(late, "SELECT count(*) FROM sessions") !=
			0)
			fail_msg("%zu: %s", i, queue_room_ids(late));
		queue_close(w);
		queue_close(late);
		queue_files_remove(r);
	}
}

/* Files that are longer than the disk, without using space: a new copy must not
 * be as long.  The limit takes the place of the disk. */
static void
test_longer_than_the_disk(void **state)
{
	static const char *const suffixes[] = { "", "-wal" };
	const struct rlimit small = { 64 << 20, RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct queue_room *r = *state;

	sigbus_guard();
	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < COUNT(suffixes); i++) {
		struct queue *w = queue_room_open(r, QUEUE_WRITE);
		const char *path = queue_files_path(r, suffixes[i]);

		assert_int_equal(queue_room_put(w, "a"), ERR_OK);
		assert_int_equal(
		    queue_sqlite_checkpoint((struct queue_sqlite *)w), ERR_OK);
		assert_int_equal(queue_room_put(w, "b"), ERR_OK);
		assert_int_equal(truncate(path, (off_t)1 << 36), 0);
		assert_int_equal(truncate(queue_files_path(r, "-shm"), 0), 0);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		assert_int_equal(queue_room_put(w, "c"), ERR_OK);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
		assert_string_equal(queue_room_ids(w), "a b c ");
		queue_close(w);
		queue_files_remove(r);
	}
}

/* Between BEGIN and COMMIT, after the files were checked.  Another thread uses
 * a separate mapping of the sidecar at this moment. */
struct cutter {
	const char *path;
	off_t size;
	struct queue *beside;
	bool done;
};

static int
cut_at_commit(void *arg)
{
	struct cutter *c = arg;

	if (!c->done)
		c->done = truncate(c->path, c->size) == 0;
	(void)sidecar_word(((struct queue_sqlite *)c->beside)->side);
	return 0;
}

/* An append is accepted exactly if its row exists: otherwise it would be lost,
 * or its publisher would repeat it. */
static void
test_truncated_during_the_commit(void **state)
{
	static const struct {
		const char *suffix;
		off_t size;
	} cases[] = {
		{ "-wal", 0 },
		{ "-wal", 40000 },
		{ "-shm", 0 },
		{ "-hub", 0 },
	};
	struct queue_room *r = *state;

	sigbus_guard();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct queue *w = queue_room_open(r, QUEUE_WRITE), *late;
		struct cutter c = { queue_files_path(r, cases[i].suffix),
			cases[i].size, queue_room_open(r, QUEUE_READ), false };
		enum err e;

		assert_int_equal(queue_room_put(w, "a"), ERR_OK);
		sqlite3_commit_hook(
		    ((struct queue_sqlite *)w)->db, cut_at_commit, &c);
		e = queue_room_put(w, "during");
		assert_true(c.done);
		assert_int_equal(queue_room_put(w, "after"), ERR_OK);
		late = queue_room_open(r, QUEUE_READ);
		if ((e == ERR_OK) !=
			(strstr(queue_room_ids(late), "during") != NULL) ||
		    strstr(queue_room_ids(late), "after") == NULL)
			fail_msg("%s %ld: %s: %s", cases[i].suffix,
			    (long)cases[i].size, err_text(e),
			    queue_room_ids(late));
		queue_close(w);
		queue_close(late);
		late = queue_room_open(r, QUEUE_READ);
		if ((e == ERR_OK) !=
			(strstr(queue_room_ids(late), "during") != NULL) ||
		    strstr(queue_room_ids(late), "after") == NULL)
			fail_msg("%s, later: %s", cases[i].suffix,
			    queue_room_ids(late));
		queue_close(late);
		queue_close(c.beside);
		queue_files_remove(r);
	}
}

/* A link or a second name leads out of the folder: the file there stays
 * unchanged. */
static void
test_links_out(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-hub" };
	struct queue_room *r = *state;
	char outside[256];

	snprintf(outside, sizeof(outside), "%s/outside", r->dir);
	for (size_t i = 0; i < 2 * COUNT(suffixes); i++) {
		const char *path = queue_files_path(r, suffixes[i / 2]);
		struct stat before, after;
		struct queue *w = queue_room_open(r, QUEUE_WRITE), *none = NULL;
		struct problem p = { "" };

		assert_int_equal(queue_room_put(w, "a"), ERR_OK);
		queue_close(w);
		queue_files_write(outside, "nobody's");
		assert_int_equal(chmod(outside, 0600), 0);
		unlink(path);
		/* A link of this user in place of the database is followed. */
		if (i == 0)
			assert_int_equal(link(outside, path), 0);
		else
			assert_int_equal(i % 2 == 0 ? link(outside, path)
					 : i == 1   ? mkdir(path, 0700)
						    : symlink(outside, path),
			    0);
		assert_int_equal(stat(outside, &before), 0);
		if (queue_open(&none, &r->settings, QUEUE_WRITE, &p) == ERR_OK)
			fail_msg("%s %zu: opened", path, i % 2);
		assert_int_equal(stat(outside, &after), 0);
		assert_int_equal(before.st_mode, after.st_mode);
		assert_int_equal(before.st_uid, after.st_uid);
		assert_int_equal(before.st_size, after.st_size);
		assert_int_equal(before.st_mtime, after.st_mtime);
		assert_non_null(strstr(p.text, queue_files_db(r)));
		if (rmdir(path) == -1)
			unlink(path);
		unlink(outside);
		queue_files_remove(r);
	}
}

/* Opening a FIFO would wait for its other end.  The alarm ends a test that
 * waits. */
static void
test_fifos(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-hub",
		"-journal" };
	struct queue_room *r = *state;

	for (size_t i = 0; i < COUNT(suffixes); i++) {
		const char *path = queue_files_path(r, suffixes[i]);
		struct queue *w = queue_room_open(r, QUEUE_WRITE), *none = NULL;
		struct problem p = { "" };

		assert_int_equal(queue_room_put(w, "a"), ERR_OK);
		queue_close(w);
		unlink(path);
		assert_int_equal(mkfifo(path, 0660), 0);
		alarm(60);
		if (queue_open(&none, &r->settings, QUEUE_WRITE, &p) != ERR_IO)
			fail_msg("%s: opened", path);
		alarm(0);
		assert_non_null(strstr(p.text, path));
		unlink(path);
		queue_files_remove(r);
	}
}

/* The FIFO is put there after the check: by a connection that does not
 * check. */
static void
test_fifo_at_the_last_moment(void **state)
{
	struct queue_room *r = *state;
	struct queue *w = queue_room_open(r, QUEUE_WRITE);
	const char *path = queue_files_path(r, "-journal");

	assert_int_equal(queue_room_put(w, "a"), ERR_OK);
	queue_close(w);
	assert_int_equal(queue_take_identity(&r->settings, NULL), ERR_OK);
	assert_int_equal(mkfifo(path, 0660), 0);
	alarm(60);
	queue_files_run_foreign(
	    queue_files_db(r), "SELECT count(*) FROM updates");
	alarm(0);
	unlink(path);
	assert_int_equal(queue_files_run_foreign(
			     queue_files_db(r), "SELECT count(*) FROM updates"),
	    SQLITE_OK);
}

/* A sound database, then a change that this program never makes: the database
 * is refused with a reason, and none of its code is run. */
static void
test_foreign_schema(void **state)
{
	static const char *const cases[] = {
		"CREATE TRIGGER t AFTER INSERT ON updates BEGIN "
		"DELETE FROM updates; END",
		"CREATE VIEW v AS SELECT * FROM updates",
		"DROP TABLE updates; CREATE VIEW updates AS SELECT 1 AS seq",
		"CREATE TABLE more (a)",
		"CREATE INDEX slow ON updates (length(data))",
		"CREATE VIRTUAL TABLE p USING fts5 (a)",
		"ALTER TABLE updates ADD COLUMN more TEXT",
		"DROP TABLE updates;"
		"CREATE TABLE updates (seq, kind, byte_count, at_ms, private, "
		"retry_ms, id, type, topics, data)",
	};
	struct queue_room *r = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct queue *w, *none = NULL;
		struct problem p = { "" };

		queue_files_remove(r);
		w = queue_room_open(r, QUEUE_WRITE);
		assert_int_equal(queue_room_put(w, "a"), ERR_OK);
		if (queue_files_run_foreign(queue_files_db(r), cases[i]) !=
		    SQLITE_OK)
			fail_msg("%s: not made", cases[i]);
		if (queue_room_put(w, "b") != ERR_IO)
			fail_msg("%s: append", cases[i]);
		queue_close(w);
		if (queue_open(&none, &r->settings, QUEUE_READ, &p) != ERR_IO ||
		    strstr(p.text, queue_files_db(r)) == NULL)
			fail_msg("%s: open: %s", cases[i], p.text);
	}
}

/* Cells with values that this program never writes, written by a process that
 * bypasses the guards. */
static int
evil_sql(const struct queue_room *r, const char *sql)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open(queue_files_db(r), &db);

	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
	return rc;
}

static void
test_evil_cells(void **state)
{
	static const struct {
		const char *sql, *ids; /* NULL: an error */
	} cases[] = {
		{ "UPDATE meta SET epoch = 0", NULL },
		{ "UPDATE meta SET epoch = -5", NULL },
		{ "UPDATE meta SET epoch = 'x'", NULL },
		{ "UPDATE meta SET cursor_key = 'x'", NULL },
		{ "UPDATE meta SET cursor_key = 'sixteen letters!'", NULL },
		{ "UPDATE meta SET session_change = -1", NULL },
		{ "UPDATE totals SET pruned_seq = -1", NULL },
		{ "UPDATE totals SET pruned_seq = 9223372036854775807", NULL },
		{ "DELETE FROM meta", NULL },
		{ "DELETE FROM totals", NULL },
		{ "UPDATE updates SET id = 'a' || char(10) || 'data: x'", "" },
		{ "UPDATE updates SET type = char(13)", "" },
		{ "UPDATE updates SET data = 'a' || char(0)", "" },
		{ "UPDATE updates SET seq = -4", "" },
		{ "UPDATE updates SET seq = 9223372036854775807", NULL },
		{ "UPDATE updates SET retry_ms = 'x', kind = 99", "a " },
		{ "UPDATE updates SET retry_ms = -1", "a " },
	};
	struct queue_room *r = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *ids;
		struct queue *w, *reader;

		queue_files_remove(r);
		w = queue_room_open(r, QUEUE_WRITE);
		assert_int_equal(queue_room_put(w, "a"), ERR_OK);
		queue_close(w);
		if (evil_sql(r, cases[i].sql) != SQLITE_OK)
			fail_msg("%s: not made", cases[i].sql);
		reader = queue_room_open(r, QUEUE_READ);
		ids = queue_room_ids(reader);
		if (strcmp(ids, cases[i].ids != NULL ? cases[i].ids
						     : err_text(ERR_IO)) != 0)
			fail_msg("%s: \"%s\"", cases[i].sql, ids);
		queue_close(reader);
	}
}

/* Numbers whose sums overflow: an error or not, but no undefined behaviour. */
static void
test_evil_sums(void **state)
{
	static const char *const cases[] = {
		"UPDATE totals SET row_count = -9223372036854775807 - 1",
		"UPDATE totals SET byte_count = 9223372036854775807",
		"UPDATE totals SET row_count = 9223372036854775807",
		"UPDATE updates SET byte_count = 9223372036854775807",
		"UPDATE updates SET byte_count = -9223372036854775807",
		"UPDATE updates SET at_ms = -9223372036854775807 - 1",
		"UPDATE sqlite_sequence SET seq = 9223372036854775807",
		"UPDATE sqlite_sequence SET seq = -9223372036854775807 - 1",
		"UPDATE sqlite_sequence SET seq = 'x'",
	};
	struct queue_room *r = *state;

	r->settings.rows_max = 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct queue *w;
		uint64_t at;

		queue_files_remove(r);
		w = queue_room_open(r, QUEUE_WRITE);
		for (int n = 0; n < 5; n++)
			assert_int_equal(queue_room_put(w, "a"), ERR_OK);
		if (evil_sql(r, cases[i]) != SQLITE_OK)
			fail_msg("%s: not made", cases[i]);
		for (int n = 0; n < 5; n++)
			(void)queue_room_put(w, "b");
		(void)queue_room_tail(w, &at);
		queue_close(w);
	}
}

static void
test_foreign_writers_are_refused(void **state)
{
	static const char *const writes[] = {
		"INSERT INTO updates (topics) VALUES ('x')",
		"UPDATE updates SET data = 'x'",
		"DELETE FROM updates",
		"INSERT INTO totals VALUES (2, 0, 0, 0)",
		"UPDATE totals SET row_count = 0",
		"DELETE FROM totals",
		"INSERT INTO meta VALUES (1, 1, 'x')",
		"UPDATE meta SET epoch = 1",
		"DELETE FROM meta",
	};
	struct queue_room *r = *state;
	struct queue *w = queue_room_open(r, QUEUE_WRITE);

	assert_int_equal(queue_room_put(w, "a"), ERR_OK);
	for (size_t i = 0; i < COUNT(writes); i++)
		if (queue_files_run_foreign(queue_files_db(r), writes[i]) !=
		    SQLITE_ERROR)
			fail_msg("%s", writes[i]);
	assert_string_equal(queue_room_ids(w), "a ");
	queue_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_truncated),
		QUEUE_ROOM_TEST(test_lost_updates_leave_a_gap),
		QUEUE_ROOM_TEST(test_truncated_during_the_commit),
		QUEUE_ROOM_TEST(test_longer_than_the_disk),
		QUEUE_ROOM_TEST(test_links_out),
		QUEUE_ROOM_TEST(test_fifos),
		QUEUE_ROOM_TEST(test_fifo_at_the_last_moment),
		QUEUE_ROOM_TEST(test_foreign_schema),
		QUEUE_ROOM_TEST(test_evil_cells),
		QUEUE_ROOM_TEST(test_evil_sums),
		QUEUE_ROOM_TEST(test_foreign_writers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
