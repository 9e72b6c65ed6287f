/* SPDX-License-Identifier: MIT */
/* test_upgrade.c - databases of earlier versions become one of this version. */
#include "unit/unit.h"

#include <unistd.h>

#include "queue/sessions.h"
#include "queue/sqlite/sqlite.h"
#include "unit/mem_fail.h"
#include "unit/presence_room.h"
#include "unit/queue_files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PRESENT 4 /* the version that this program makes */
#define PROCESSES 8

/* Rows that a queue of the first version may have; the session's id is "s". */
static const char rows[] =
    "INSERT INTO meta (only, epoch, cursor_key, session_change)"
    " VALUES (1, 77, zeroblob(16), 1);"
    "INSERT INTO updates (kind, byte_count, at_ms, private, id, topics, data)"
    " VALUES (0, 100, 1, 0, 'old', 't', 'd');"
    "UPDATE totals SET row_count = 1, byte_count = 100 WHERE kind = 0;"
    "INSERT INTO subscribers (key, owner, until_ms, subscriber, topics)"
    " VALUES (5, 0, 9000000000000, 'urn:x', 'a' || char(10) || 'b'),"
    " (6, 0, 9000000000000, 'urn:y', 'b');"
    "INSERT INTO sessions (digest, change, until_ms, kept_ms, topics)"
    " VALUES "
    "(x'7300000000000000000000000000000000000000000000000000000000000000',"
    " 1, 9000000000000, 9000000000000, 'a' || char(10) || 'b');";

/* The same for subscriptions, which have a kind from the third version on. */
static const char without_kind[] =
    "INSERT INTO subscriptions VALUES ('a', 5), ('b', 5), ('b', 6);";
static const char with_kind[] =
    "INSERT INTO subscriptions (topic, kind, key)"
    " VALUES ('a', 0, 5), ('b', 0, 5), ('b', 0, 6);";

/* A database as the program of that version made it, with these rows. */
static void
make_database(const struct queue_room *r, int version)
{
	static const enum sql_statement later[] = { SQL_ADD_SIGNER,
		SQL_ADD_SELECTOR_KIND };
	struct queue_sqlite q = { .db = NULL };
	int rc = sqlite3_open(queue_files_db(r), &q.db);

	if (rc == SQLITE_OK)
		rc = queue_sqlite_tame(&q);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(
		    q.db, sql_text[SQL_SET_JOURNAL_MODE], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(q.db, sql_schema, NULL, NULL, NULL);
	for (int i = 1; i < version && rc == SQLITE_OK; i++)
		rc = sqlite3_exec(
		    q.db, sql_text[later[i - 1]], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(q.db, rows, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(q.db, version < 3 ? without_kind : with_kind,
		    NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		fail_msg("version %d: %s", version, sqlite3_errmsg(q.db));
	sqlite3_close(q.db);
}

static int64_t
version_of(const struct queue_room *r)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	int64_t version = -1;

	assert_int_equal(sqlite3_open(queue_files_db(r), &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		version = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return version;
}

static void
copy_topics(void *arg, const struct session *s, uint64_t number)
{
	(void)number;
	assert_int_equal(s->granted_ms, 0);
	snprintf(arg, 16, "%.*s", SLICE_ARG(s->topics));
}

static void
check_rows(struct queue *q)
{
	static const struct session_key key = { "s" };
	struct queue_cursor_key k;
	char topics[16] = "";
	uint64_t number;

	assert_string_equal(queue_room_ids(q), "old ");
	assert_int_equal(queue_room_key(q, &k), ERR_OK);
	assert_int_equal(k.epoch, 77);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "a b b ");
	assert_string_equal(presence_room_listed(q, "a", NULL), "a ");
	assert_string_equal(presence_room_listed(q, "b", NULL), "b b ");
	assert_string_equal(presence_room_listed(q, "b", "urn:y"), "b ");
	assert_int_equal(
	    queue_session_find(q, &key, 1, copy_topics, topics, &number),
	    ERR_OK);
	assert_string_equal(topics, "a\nb");
}

static void
test_each_version(void **state)
{
	static const uint64_t session = PRESENCE_BY_SESSION;
	struct queue_room *r = *state;

	for (int version = 1; version <= PRESENT; version++) {
		struct presence *p = presence_room_somebody("new", 1);
		bool more = true;
		struct queue *q;

		if (version < PRESENT)
			make_database(r, version);
		for (int i = 0; version < PRESENT && i < 2; i++) {
			q = presence_room_open(r, 7);
			check_rows(q);
			queue_close(q);
		}
		q = presence_room_open(r, 7);
		assert_int_equal(version_of(r), PRESENT);
		assert_int_equal(
		    presence_room_change(q, PRESENCE_AWAY, p, INT64_MAX),
		    ERR_OK);
		assert_string_equal(
		    presence_room_listed(q, "new", NULL), "new ");
		while (more)
			assert_int_equal(
			    queue_end_away(q, &session, 1, &more, NULL),
			    ERR_OK);
		assert_string_equal(presence_room_listed(q, NULL, NULL), "");
		assert_int_equal(
		    queue_files_number(q, "SELECT count(*) FROM subscriptions"),
		    0);
		queue_close(q);
		presence_free(p);
		queue_files_remove(r);
	}
}

/* All processes find an earlier version, and one upgrades it. */
static void
test_many_at_once(void **state)
{
	struct queue_room *r = *state;

	for (int version = 1; version < PRESENT; version++) {
		pid_t pids[PROCESSES];
		struct queue *q;

		make_database(r, version);
		for (int i = 0; i < PROCESSES; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (pids[i] != 0)
				continue;
			q = queue_room_open(
			    r, i % 2 == 0 ? QUEUE_WRITE : QUEUE_READ);
			check_rows(q);
			queue_close(q);
			_exit(0);
		}
		for (int i = 0; i < PROCESSES; i++)
			assert_int_equal(queue_room_wait(pids[i]), 0);
		q = queue_room_open(r, QUEUE_READ);
		check_rows(q);
		queue_close(q);
		assert_int_equal(version_of(r), PRESENT);
		queue_files_remove(r);
	}
}

/* A program that ends halfway leaves the earlier version as it was. */
static void
test_all_or_nothing(void **state)
{
	struct queue_room *r = *state;
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct queue *q = NULL;
		int64_t version;
		enum err e;

		make_database(r, 1);
		mem_fail_at(n);
		e = queue_open(&q, &r->settings, QUEUE_WRITE, NULL);
		failed = mem_failed();
		mem_fail_at(0);
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		queue_close(q);
		version = version_of(r);
		assert_true(
		    version == PRESENT || (version == 1 && e == ERR_NOMEM));
		q = queue_room_open(r, QUEUE_WRITE);
		check_rows(q);
		queue_close(q);
		queue_files_remove(r);
	}
}

/* A table that was changed is not upgraded. */
static void
test_foreign_schema(void **state)
{
	static const char *const changes[] = {
		"CREATE VIEW v AS SELECT * FROM subscriptions",
		"CREATE TABLE more (a)",
		"CREATE INDEX more ON subscriptions (length(topic))",
		"DROP TABLE subscriptions; CREATE TABLE subscriptions (a)",
	};
	struct queue_room *r = *state;

	for (size_t i = 0; i < COUNT(changes); i++) {
		struct queue *q = NULL;
		struct problem p = { "" };

		make_database(r, 1);
		assert_int_equal(
		    queue_files_run_foreign(queue_files_db(r), changes[i]),
		    SQLITE_OK);
		assert_int_equal(
		    queue_open(&q, &r->settings, QUEUE_WRITE, &p), ERR_IO);
		if (strstr(p.text, "did not make") == NULL)
			fail_msg("%s: %s", changes[i], p.text);
		assert_int_equal(version_of(r), 1);
		queue_files_remove(r);
	}
}

/* This program refuses a database of a later version, and says what to do. */
static void
test_next_version(void **state)
{
	struct queue_room *r = *state;
	struct queue *open = queue_room_open(r, QUEUE_WRITE), *late = NULL;
	struct problem p = { "" };

	assert_int_equal(queue_room_put(open, "a"), ERR_OK);
	queue_files_run(open, "PRAGMA user_version = 5");
	assert_int_equal(
	    queue_open(&late, &r->settings, QUEUE_WRITE, &p), ERR_NEWER);
	assert_non_null(strstr(p.text, queue_files_db(r)));
	assert_non_null(strstr(p.text, "newer version"));
	assert_non_null(strstr(p.text, "upgrade and restart"));
	assert_int_equal(queue_room_put(open, "b"), ERR_NEWER);
	assert_int_equal(
	    queue_backup(&r->settings, queue_files_path(r, "-copy"), &p),
	    ERR_NEWER);
	queue_close(open);
}

static void
find_sound(void *arg, bool good, const char *text)
{
	if (good && strstr(text, "is a sound database") != NULL)
		*(bool *)arg = true;
}

/* A copy of an earlier version's queue has this version, and so does the queue
 * that the check opens. */
static void
test_copy_and_check(void **state)
{
	struct queue_room *r = *state;
	bool sound = false;
	char copy[256];

	make_database(r, 1);
	snprintf(copy, sizeof(copy), "%s", queue_files_path(r, "-copy"));
	assert_int_equal(queue_backup(&r->settings, copy, NULL), ERR_OK);
	queue_files_remove(r);
	assert_int_equal(rename(copy, queue_files_db(r)), 0);
	assert_int_equal(version_of(r), PRESENT);
	queue_files_remove(r);

	make_database(r, 2);
	queue_check(&r->settings, find_sound, &sound);
	assert_true(sound);
	assert_int_equal(version_of(r), PRESENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_each_version),
		QUEUE_ROOM_TEST(test_many_at_once),
		QUEUE_ROOM_TEST(test_all_or_nothing),
		QUEUE_ROOM_TEST(test_foreign_schema),
		QUEUE_ROOM_TEST(test_next_version),
		QUEUE_ROOM_TEST(test_copy_and_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
