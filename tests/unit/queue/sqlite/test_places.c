/* SPDX-License-Identifier: MIT */
/* test_places.c - databases that are moved, damaged, newer or not the hub's. */
#include "unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/sqlite/sqlite.h"
#include "unit/queue_files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
move_away(const struct queue_room *r, bool with_wal)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char from[256], to[256];

	for (size_t i = 0; i < (with_wal ? COUNT(suffixes) : 1); i++) {
		snprintf(
		    from, sizeof(from), "%s%s", queue_files_db(r), suffixes[i]);
		snprintf(to, sizeof(to), "%s/old.db%s", r->dir, suffixes[i]);
		assert_int_equal(rename(from, to), 0);
	}
}

/* The next append and the next reads are about the new database. */
static void
replace(struct queue_room *r, void (*act)(const struct queue_room *r))
{
	struct queue *w = queue_room_open(r, QUEUE_WRITE);
	struct queue *reader = queue_room_open(r, QUEUE_READ), *late;
	struct queue_cursor_key before, after;
	char id[QUEUE_ID_SIZE];
	uint64_t at;
	bool known = true;

	assert_int_equal(queue_room_put(w, "old"), ERR_OK);
	assert_string_equal(queue_room_ids(reader), "old ");
	assert_int_equal(queue_room_key(reader, &before), ERR_OK);
	act(r);
	assert_int_equal(queue_room_put(w, "new"), ERR_OK);
	late = queue_room_open(r, QUEUE_READ);
	assert_string_equal(queue_room_ids(late), "new ");
	queue_files_wait_for_ids(reader, "new ");
	assert_int_equal(queue_room_key(reader, &after), ERR_OK);
	assert_true(before.epoch != after.epoch);
	assert_memory_not_equal(before.key, after.key, 16);
	queue_cursor_id(&before, 1, id);
	assert_int_equal(
	    queue_room_find(reader, slice_of(id), NULL, NULL, &at, &known),
	    ERR_OK);
	assert_false(known);
	queue_close(w);
	queue_close(reader);
	queue_close(late);
}

static void
act_remove(const struct queue_room *r)
{
	assert_int_equal(unlink(queue_files_db(r)), 0);
}

static void
act_move(const struct queue_room *r)
{
	move_away(r, false);
}

static void
act_move_all(const struct queue_room *r)
{
	move_away(r, true);
}

/* Another process has already made a new one. */
static void
act_other_made_one(const struct queue_room *r)
{
	act_move_all(r);
	queue_close(queue_room_open(r, QUEUE_READ));
}

static void
act_empty(const struct queue_room *r)
{
	assert_int_equal(unlink(queue_files_db(r)), 0);
	queue_files_write(queue_files_db(r), "");
}

static void
test_replaced(void **state)
{
	static void (*const acts[])(const struct queue_room *r) = {
		act_remove,
		act_move,
		act_move_all,
		queue_files_remove,
		act_other_made_one,
		act_empty,
	};
	struct queue_room *r = *state;

	for (size_t i = 0; i < COUNT(acts); i++) {
		replace(r, acts[i]);
		queue_files_remove(r);
	}
}

/* Between BEGIN and COMMIT: the rows went to a file that is never read. */
struct mover {
	const struct queue_room *room;
	bool done;
};

static int
move_at_commit(void *arg)
{
	struct mover *m = arg;

	if (!m->done)
		move_away(m->room, true);
	m->done = true;
	return 0;
}

static void
test_moved_during_the_commit(void **state)
{
	struct queue_room *r = *state;
	struct queue *w = queue_room_open(r, QUEUE_WRITE);
	struct mover m = { r, false };

	sqlite3_commit_hook(((struct queue_sqlite *)w)->db, move_at_commit, &m);
	assert_int_equal(queue_room_put(w, "lost"), ERR_MOVED);
	assert_int_equal(queue_room_put(w, "again"), ERR_OK);
	assert_string_equal(queue_room_ids(w), "again ");
	queue_close(w);
}

static void
test_sidecar_replaced(void **state)
{
	struct queue_room *r = *state;
	struct queue *a = queue_room_open(r, QUEUE_WRITE);
	struct queue *reader = queue_room_open(r, QUEUE_READ), *b;

	assert_int_equal(queue_room_put(a, "1"), ERR_OK);
	assert_int_equal(unlink(queue_files_path(r, "-hub")), 0);
	b = queue_room_open(r, QUEUE_WRITE);
	assert_int_equal(queue_room_put(b, "2"), ERR_OK);
	assert_int_equal(queue_room_put(a, "3"), ERR_OK);
	assert_string_equal(queue_room_ids(b), "1 2 3 ");
	/* The reader is notified by the new sidecar, too. */
	while (sidecar_moved(((struct queue_sqlite *)reader)->side)) {
		queue_wait(reader, 100);
		assert_string_equal(queue_room_ids(reader), "1 2 3 ");
	}
	queue_wake(a);
	queue_wait(reader, 600000);
	queue_close(a);
	queue_close(b);
	queue_close(reader);
}

/* Files that others cannot open any more are still open here: no row and no
 * position is lost. */
static void
test_log_removed(void **state)
{
	static const char *const cases[][2] = {
		{ "-wal", NULL },
		{ "-shm", NULL },
		{ "-wal", "-shm" },
	};
	struct queue_room *r = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct queue *w = queue_room_open(r, QUEUE_WRITE), *late;
		struct queue *reader = queue_room_open(r, QUEUE_READ);
		struct queue_cursor_key before, after;

		assert_int_equal(queue_room_put(w, "a"), ERR_OK);
		assert_string_equal(queue_room_ids(reader), "a ");
		assert_int_equal(queue_room_key(reader, &before), ERR_OK);
		for (int j = 0; j < 2 && cases[i][j] != NULL; j++)
			assert_int_equal(
			    unlink(queue_files_path(r, cases[i][j])), 0);
		assert_int_equal(queue_room_put(w, "b"), ERR_OK);
		late = queue_room_open(r, QUEUE_READ);
		assert_string_equal(queue_room_ids(late), "a b ");
		queue_files_wait_for_ids(reader, "a b ");
		assert_int_equal(queue_room_key(reader, &after), ERR_OK);
		assert_true(before.epoch == after.epoch);
		assert_int_equal(queue_files_count(r), 4);
		queue_close(w);
		queue_close(reader);
		queue_close(late);
		queue_files_remove(r);
	}
}

/* Each damage is an error while it lasts, and no longer when it is repaired. */
/* The database cannot be copied to a new file: the process that has the log
 * open keeps it until that is possible, and no publisher is informed that its
 * update is safe. */
static void
test_log_removed_and_no_way(void **state)
{
	struct rlimit was, none;
	struct queue_room *r = *state;
	struct queue *w = queue_room_open(r, QUEUE_WRITE);

	assert_int_equal(queue_room_put(w, "a"), ERR_OK);
	unlink(queue_files_path(r, "-wal"));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	none = was;
	none.rlim_cur = 1;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(queue_room_put(w, "b"), ERR_OK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(queue_room_put(w, "c"), ERR_OK);
	queue_close(w);

	w = queue_room_open(r, QUEUE_READ);
	assert_string_equal(queue_room_ids(w), "a c ");
	queue_close(w);
}

static void
test_damaged(void **state)
{
	static const struct {
		const char *name, *content;
	} cases[] = {
		{ "garbage", "this is not a database, and never was one......"
			     "......................................." },
		{ "short garbage", "x" },
		{ "a header and no more", "SQLite format 3" },
	};
	struct queue_room *r = *state;
	struct problem p;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct queue *w = queue_room_open(r, QUEUE_WRITE), *none = NULL;
		enum err e;

		assert_int_equal(queue_room_put(w, "before"), ERR_OK);
		queue_files_remove(r);
		queue_files_write(queue_files_db(r), cases[i].content);
		e = queue_room_put(w, "during");
		if (e != ERR_IO)
			fail_msg("%s: append: %s", cases[i].name, err_text(e));
		e = queue_open(&none, &r->settings, QUEUE_READ, &p);
		if (e != ERR_IO || none != NULL ||
		    strstr(p.text, queue_files_db(r)) == NULL)
			fail_msg("%s: open: %s", cases[i].name, err_text(e));
		assert_int_equal(unlink(queue_files_db(r)), 0);
		assert_int_equal(queue_room_put(w, "after"), ERR_OK);
		assert_string_equal(queue_room_ids(w), "after ");
		queue_close(w);
		queue_files_remove(r);
	}
}

/* The file is emptied while a process has it open. */
static void
test_truncated_in_place(void **state)
{
	struct queue_room *r = *state;
	struct queue *idle = queue_room_open(r, QUEUE_WRITE);
	struct queue *w = queue_room_open(r, QUEUE_WRITE), *late;
	char want[256];

	assert_int_equal(queue_room_put(idle, "old"), ERR_OK);
	assert_int_equal(queue_room_put(w, "old"), ERR_OK);
	assert_int_equal(truncate(queue_files_db(r), 0), 0);
	/* Processes that have the database open do not keep a new process
	 * out. */
	late = queue_room_open(r, QUEUE_WRITE);
	assert_int_equal(queue_room_put(late, "new"), ERR_OK);
	for (int i = 0; i < 10 && queue_room_put(w, "w") != ERR_OK; i++)
		;
	for (int i = 0; i < 10 && queue_room_put(idle, "i") != ERR_OK; i++)
		;
	snprintf(want, sizeof(want), "new w i ");
	assert_string_equal(queue_room_ids(late), want);
	queue_files_wait_for_ids(w, want);
	queue_files_wait_for_ids(idle, want);
	queue_close(w);
	queue_close(idle);
	queue_close(late);
}

static void
test_not_ours(void **state)
{
	static const struct {
		const char *name, *sql;
		enum err want;
	} cases[] = {
		{ "another program's", "CREATE TABLE a (b)", ERR_IO },
		{ "another program's number",
		    "PRAGMA application_id = 5; CREATE TABLE a (b)", ERR_IO },
		{ "newer",
		    "PRAGMA application_id = 1885562729;"
		    "PRAGMA user_version = 1000; CREATE TABLE a (b)",
		    ERR_NEWER },
		{ "a version below none",
		    "PRAGMA application_id = 1885562729;"
		    "PRAGMA user_version = -1",
		    ERR_IO },
		{ "one whose text would be far away",
		    "PRAGMA application_id = 1885562729;"
		    "PRAGMA user_version = -100000",
		    ERR_IO },
		{ "one that points into what lies before the table",
		    "PRAGMA application_id = 1885562729;"
		    "PRAGMA user_version = -56",
		    ERR_IO },
	};
	struct queue_room *r = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct queue *q = NULL;
		struct problem p;
		enum err e;

		queue_files_remove(r);
		assert_int_equal(
		    queue_files_run_foreign(queue_files_db(r), cases[i].sql),
		    SQLITE_OK);
		e = queue_open(&q, &r->settings, QUEUE_WRITE, &p);
		if (e != cases[i].want || q != NULL)
			fail_msg("%s: %s", cases[i].name, err_text(e));
	}
}

/* Upgraded by another process while this one runs. */
static void
test_newer_while_open(void **state)
{
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);
	struct queue_sqlite *q = (struct queue_sqlite *)w;
	struct queue *r = queue_room_open(*state, QUEUE_READ);

	assert_int_equal(queue_room_put(w, "a"), ERR_OK);
	assert_int_equal(
	    sqlite3_exec(q->db, "PRAGMA user_version = 1000", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(queue_room_put(w, "b"), ERR_NEWER);
	queue_files_wait_for_ids(r, err_text(ERR_NEWER));
	queue_close(w);
	queue_close(r);
}

/* A copy that was restored is not in WAL mode. */
static void
test_restored_copy(void **state)
{
	struct queue_room *r = *state;
	struct queue *w = queue_room_open(r, QUEUE_WRITE);
	char sql[256];

	assert_int_equal(queue_room_put(w, "kept"), ERR_OK);
	snprintf(sql, sizeof(sql), "VACUUM INTO '%s/copy'", r->dir);
	assert_int_equal(
	    queue_files_run_foreign(queue_files_db(r), sql), SQLITE_OK);
	queue_close(w);
	queue_files_remove(r);
	snprintf(sql, sizeof(sql), "%s/copy", r->dir);
	assert_int_equal(rename(sql, queue_files_db(r)), 0);
	w = queue_room_open(r, QUEUE_WRITE);
	assert_int_equal(queue_room_put(w, "more"), ERR_OK);
	assert_string_equal(queue_room_ids(w), "kept more ");
	assert_int_equal(access(queue_files_path(r, "-wal"), F_OK), 0);
	queue_close(w);
}

/* The log has no room left, then it has room again. */
static void
test_full(void **state)
{
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);
	sqlite3 *db = ((struct queue_sqlite *)w)->db;
	static char data[100000];
	const struct update u = { .topics = slice_of("t"),
		.id = slice_of("big"),
		.data = { memset(data, 'x', sizeof(data)), sizeof(data) } };
	const struct update *list = &u;

	assert_int_equal(queue_room_put(w, "a"), ERR_OK);
	sqlite3_exec(db, "PRAGMA max_page_count = 1", NULL, NULL, NULL);
	assert_int_equal(queue_append(w, &list, 1, NULL), ERR_FULL);
	assert_string_equal(queue_room_ids(w), "a ");
	assert_ptr_equal(((struct queue_sqlite *)w)->db, db);
	sqlite3_exec(db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
	assert_int_equal(queue_append(w, &list, 1, NULL), ERR_OK);
	assert_string_equal(queue_room_ids(w), "a big ");
	queue_close(w);
}

static void
test_urls(void **state)
{
	struct queue_room *r = *state;
	char encoded[256], none[256];
	const struct {
		const char *url;
		enum err want;
	} cases[] = {
		{ "redis://localhost", ERR_UNSUPPORTED },
		{ "", ERR_UNSUPPORTED },
		{ "sqlite:relative.db", ERR_SYNTAX },
		{ "sqlite://host/queue.db", ERR_SYNTAX },
		{ "sqlite:///a%00b", ERR_SYNTAX },
		{ none, ERR_IO },
		{ encoded, ERR_OK },
	};

	snprintf(
	    encoded, sizeof(encoded), "sqlite://%s/a%%20%%23%%3Fb", r->dir);
	snprintf(none, sizeof(none), "sqlite://%s/none/queue.db", r->dir);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct queue_settings s = { .url = cases[i].url,
			.lock_timeout_ms = 1000 };
		struct queue *q = NULL;
		struct problem p = { "" };
		enum err e = queue_open(&q, &s, QUEUE_WRITE, &p);

		if (e != cases[i].want || (e != ERR_OK && p.text[0] == '\0'))
			fail_msg("%s: %s", cases[i].url, err_text(e));
		queue_close(q);
	}
	snprintf(none, sizeof(none), "%s/a #?b", r->dir);
	assert_int_equal(access(none, F_OK), 0);
}

static void
test_network_file_systems(void **state)
{
	static const struct {
		unsigned long magic;
		const char *name;
	} cases[] = {
		{ 0x6969, "NFS" },
		{ 0x517b, "SMB" },
		{ 0xff534d42, "CIFS" },
		{ 0xfffffffffe534d42, "SMB2" },
		{ 0x65735546, "FUSE" },
		{ 0xef53, NULL },
		{ 0x01021994, NULL },
		{ 0x58465342, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = queue_sqlite_network_fs(cases[i].magic);

		if (cases[i].name == NULL)
			assert_null(name);
		else
			assert_string_equal(name, cases[i].name);
	}
}

struct report {
	size_t good, bad;
	char text[PROBLEM_MAX];
};

static void
count_report(void *arg, bool good, const char *text)
{
	struct report *r = arg;

	if (good)
		r->good++;
	else
		r->bad++;
	if (!good)
		snprintf(r->text, sizeof(r->text), "%s", text);
}

static void
test_check(void **state)
{
	struct queue_room *room = *state;
	struct report r = { 0 };

	queue_check(&room->settings, count_report, &r);
	assert_int_equal(r.bad, 0);
	assert_int_equal(r.good, 3);
	assert_int_equal(access(queue_files_db(room), F_OK), -1);

	queue_close(queue_room_open(room, QUEUE_WRITE));
	r = (struct report){ 0 };
	queue_check(&room->settings, count_report, &r);
	assert_int_equal(r.bad, 0);
	assert_int_equal(r.good, 4);

	assert_int_equal(chmod(queue_files_db(room), 0644), 0);
	queue_check(&room->settings, count_report, &r);
	assert_int_equal(r.bad, 1);
	assert_non_null(strstr(r.text, "chmod 660"));

	queue_files_remove(room);
	queue_files_write(queue_files_db(room), "garbage garbage garbage");
	queue_check(&room->settings, count_report, &r);
	assert_true(r.bad > 1);
	assert_non_null(strstr(r.text, queue_files_db(room)));

	assert_int_equal(chmod(room->dir, 0770), 0);
	queue_check(&room->settings, count_report, &r);
	room->settings.url = "redis://x";
	r = (struct report){ 0 };
	queue_check(&room->settings, count_report, &r);
	assert_int_equal(r.bad, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_replaced),
		QUEUE_ROOM_TEST(test_moved_during_the_commit),
		QUEUE_ROOM_TEST(test_sidecar_replaced),
		QUEUE_ROOM_TEST(test_log_removed),
		QUEUE_ROOM_TEST(test_log_removed_and_no_way),
		QUEUE_ROOM_TEST(test_damaged),
		QUEUE_ROOM_TEST(test_truncated_in_place),
		QUEUE_ROOM_TEST(test_not_ours),
		QUEUE_ROOM_TEST(test_newer_while_open),
		QUEUE_ROOM_TEST(test_restored_copy),
		QUEUE_ROOM_TEST(test_full),
		QUEUE_ROOM_TEST(test_urls),
		QUEUE_ROOM_TEST(test_network_file_systems),
		QUEUE_ROOM_TEST(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
