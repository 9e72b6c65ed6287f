/* SPDX-License-Identifier: MIT */
/* test_sessions.c - sessions in the queue: grants, moves and revocations. */
#include "unit/unit.h"

#include <unistd.h>

#include "queue/sessions.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

#define NOW INT64_C(1700000000000)
#define HOUR (INT64_C(3600) * 1000)
#define TOPICS_MAX 5
#define PROCESSES 8

static const struct slice none = { NULL, 0 };
static const struct session_key a = { "a" }, b = { "b" }, c = { "c" },
				d = { "d" };

static struct session_wish
wish(struct session_key key, const char *topics, int64_t now_ms)
{
	return (struct session_wish){ .key = key,
		.topics = slice_of(topics),
		.now_ms = now_ms,
		.until_ms = now_ms + HOUR,
		.extend_ms = now_ms + HOUR / 2,
		.topics_max = TOPICS_MAX };
}

static void
grant(struct queue *q, const struct session_wish *w)
{
	struct problem p = { "" };

	if (queue_session_grant(q, w, &p) != ERR_OK)
		fail_msg("%s", p.text);
}

static void
grant_topics(struct queue *q, struct session_key key, const char *topics)
{
	const struct session_wish w = wish(key, topics, NOW);

	grant(q, &w);
}

static void
move(struct queue *q, struct session_key from, struct session_key to)
{
	struct problem p = { "" };

	if (queue_session_move(q, &from, &to, NOW, TOPICS_MAX, &p) != ERR_OK)
		fail_msg("%s", p.text);
}

static void
revoke_topics(struct queue *q, struct session_key key, const char *topics)
{
	struct problem p = { "" };

	if (queue_session_revoke(q, &key, slice_of(topics), NOW, &p) != ERR_OK)
		fail_msg("%s", p.text);
}

/* The rows as texts: "KEY until topics payload;", the time in minutes from
 * NOW. */
static char seen[4096];

static void
note(void *arg, const struct session *s, uint64_t number)
{
	size_t len = strlen(seen);

	*(uint64_t *)arg = number;
	snprintf(seen + len, sizeof(seen) - len, "%c %lld %.*s %.*s;",
	    s->key.digest[0],
	    s->until_ms > 0 ? (long long)(s->until_ms - NOW) / 60000 : 0,
	    SLICE_ARG(s->topics), SLICE_ARG(s->payload));
	for (size_t i = len; seen[i] != '\0'; i++)
		if (seen[i] == '\n')
			seen[i] = ',';
}

static const char *
found(struct queue *q, struct session_key key, int64_t now_ms)
{
	uint64_t last = 0, number = 0;

	seen[0] = '\0';
	assert_int_equal(
	    queue_session_find(q, &key, now_ms, note, &last, &number), ERR_OK);
	assert_true(last <= number);
	return seen;
}

static const char *
listed(struct queue *q, int64_t now_ms)
{
	uint64_t last;

	seen[0] = '\0';
	assert_int_equal(queue_sessions(q, now_ms, note, &last), ERR_OK);
	return seen;
}

/* The changes after `number`, which is set to the number of the last one. */
static const char *
changed(struct queue *q, uint64_t *number, size_t max)
{
	seen[0] = '\0';
	assert_int_equal(
	    queue_session_changes(q, *number, max, note, number), ERR_OK);
	return seen;
}

static uint64_t
last_change(struct queue *q)
{
	struct queue_span span;

	assert_int_equal(queue_read(q, 0, 0, 0, 0, NULL, NULL, &span), ERR_OK);
	return span.sessions;
}

static void
test_grants_add_up(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct queue *reader = queue_room_open(*state, QUEUE_READ);
	struct session_wish w = wish(a, "x\ny", NOW);

	assert_string_equal(found(reader, a, NOW), "");
	grant(q, &w);
	assert_string_equal(found(reader, a, NOW), "a 60 x,y ;");
	w = wish(a, "y\nz", NOW + 10 * 60000);
	w.payload = slice_of("{}");
	grant(q, &w);
	assert_string_equal(found(reader, a, NOW), "a 70 x,y,z {};");
	/* The later end counts; without a payload the old one stays. */
	w = wish(a, "v", NOW);
	grant(q, &w);
	assert_string_equal(found(reader, a, NOW), "a 70 x,y,z,v {};");
	assert_string_equal(found(reader, b, NOW), "");
	w = wish(a, "u", NOW);
	w.replace = true;
	grant(q, &w);
	assert_string_equal(found(reader, a, NOW), "a 60 u ;");
	queue_close(q);
	queue_close(reader);
}

static void
test_time_is_up(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct session_wish w = wish(a, "x", NOW);

	grant(q, &w);
	assert_string_equal(found(q, a, NOW + HOUR - 1), "a 60 x ;");
	assert_string_equal(found(q, a, NOW + HOUR), "");
	assert_string_equal(listed(q, NOW + HOUR), "");
	/* A grant after the end starts from nothing. */
	w = wish(a, "y", NOW + HOUR);
	grant(q, &w);
	assert_string_equal(found(q, a, NOW + HOUR), "a 120 y ;");
	queue_close(q);
}

/* A page may request the same grant each time it is shown. */
static void
test_writes_only_what_is_new(void **state)
{
	static const struct {
		const char *topics, *payload;
		int64_t after_ms;
		bool replace, writes;
	} rows[] = {
		{ "x", NULL, 0, false, false },
		{ "y\nx", "{}", HOUR / 2, false, false },
		{ "x", NULL, HOUR / 2 + 1, false, true },
		{ "z", NULL, 0, false, true },
		{ "x", "[]", 0, false, true },
		{ "x", NULL, 0, true, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct queue *q = queue_room_open(*state, QUEUE_WRITE);
		struct session_wish w = wish(a, "x\ny", NOW);
		uint64_t before;

		w.payload = slice_of("{}");
		w.replace = true;
		grant(q, &w);
		before = last_change(q);
		w = wish(a, rows[i].topics, NOW + rows[i].after_ms);
		w.payload = slice_of(rows[i].payload);
		w.replace = rows[i].replace;
		grant(q, &w);
		assert_int_equal(last_change(q) - before, rows[i].writes);
		queue_close(q);
	}
}

#define TOKEN(key) (key).digest[0], (key).digest[1]

static const struct session_extension day = { HOUR, 24 * HOUR };

static void
extend(struct queue *q, int64_t now_ms)
{
	uint8_t tokens[][GRANT_TOKEN_SIZE] = { { TOKEN(a) }, { TOKEN(b) },
		{ TOKEN(c) }, { TOKEN(a) } };
	struct problem p = { "" };

	if (queue_sessions_extend(q, tokens, 4, now_ms, &day, &p) != ERR_OK)
		fail_msg("%s", p.text);
}

static void
test_extends(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct session_wish w = wish(a, "x\ny", NOW);
	uint64_t number = 0;

	w.granted_ms = NOW;
	w.payload = slice_of("{}");
	grant(q, &w);
	w.key = b; /* an explicit end */
	w.granted_ms = 0;
	grant(q, &w);
	(void)changed(q, &number, 10);
	extend(q, NOW + HOUR / 2 - 1);
	assert_string_equal(changed(q, &number, 10), "");
	/* Once, however often it is requested. */
	extend(q, NOW + HOUR / 2);
	extend(q, NOW + HOUR / 2);
	assert_string_equal(changed(q, &number, 10), "a 90 x,y {};");
	assert_string_equal(found(q, a, NOW + HOUR / 2), "a 90 x,y {};");
	assert_string_equal(found(q, b, NOW), "b 60 x,y {};");

	/* The page asks, too; what counts is when it did so last. */
	w = wish(a, "x", NOW + HOUR);
	w.granted_ms = w.now_ms;
	grant(q, &w);
	assert_string_equal(found(q, a, NOW), "a 120 x,y {};");
	queue_close(q);
}

/* The extension reads what a revocation wrote, whichever came first. */
static void
test_extends_nothing_revoked(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct session_wish w = wish(a, "x\ny", NOW);
	uint64_t number = 0;

	w.granted_ms = NOW;
	grant(q, &w);
	revoke_topics(q, a, "y");
	extend(q, NOW + HOUR / 2);
	assert_string_equal(found(q, a, NOW), "a 90 x ;");
	revoke_topics(q, a, NULL);
	(void)changed(q, &number, 10);
	extend(q, NOW + HOUR);
	assert_string_equal(changed(q, &number, 10), "");
	assert_string_equal(found(q, a, NOW), "");

	/* An id that moved ends; the new one is extended as the old one was. */
	grant(q, &w);
	move(q, a, c);
	extend(q, NOW + HOUR / 2);
	assert_string_equal(found(q, a, NOW), "a 0 x,y ;");
	assert_string_equal(found(q, c, NOW), "c 90 x,y ;");
	/* Its time was up before somebody asked. */
	extend(q, NOW + 2 * HOUR);
	assert_string_equal(found(q, c, NOW), "c 90 x,y ;");
	queue_close(q);
}

/* "\1x" is an exact selector (selector.h), and differs from "x". */
static void
test_kinds(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);

	grant_topics(q, a, "x\n\1x");
	grant_topics(q, a, "\1y");
	assert_string_equal(found(q, a, NOW), "a 60 x,\1x,\1y ;");
	revoke_topics(q, a, "x\ny");
	assert_string_equal(found(q, a, NOW), "a 60 \1x,\1y ;");
	move(q, a, b);
	assert_string_equal(found(q, b, NOW), "b 60 \1x,\1y ;");
	queue_close(q);
}

static void
test_limit(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct session_wish w = wish(a, "1\n2\n3\n4", NOW);
	struct problem p = { "" };

	grant(q, &w);
	w = wish(a, "4\n5\n6", NOW);
	assert_int_equal(queue_session_grant(q, &w, &p), ERR_LIMIT);
	assert_non_null(strstr(p.text, "MERCURE_MAX_MATCHERS"));
	assert_string_equal(found(q, a, NOW), "a 60 1,2,3,4 ;");
	grant_topics(q, b, "5\n6");
	assert_int_equal(
	    queue_session_move(q, &b, &a, NOW, TOPICS_MAX, &p), ERR_LIMIT);
	assert_string_equal(listed(q, NOW), "a 60 1,2,3,4 ;b 60 5,6 ;");
	queue_close(q);
}

static void
test_moves(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct session_wish w = wish(a, "x\ny", NOW + 60000);
	uint64_t number = 0;

	w.payload = slice_of("{}");
	grant(q, &w);
	move(q, a, b);
	assert_string_equal(found(q, a, NOW), "a 0 x,y {};");
	assert_string_equal(found(q, a, NOW + 5000), "");
	assert_string_equal(found(q, b, NOW), "b 61 x,y {};");
	/* The end of the old id is a change, too. */
	assert_string_equal(changed(q, &number, 10), "b 61 x,y {};a 0 x,y {};");

	/* The new id keeps the topics it had. */
	grant_topics(q, c, "z");
	move(q, b, c);
	assert_string_equal(found(q, c, NOW), "c 61 z,x,y {};");

	/* An id without a grant may have streams, too. */
	(void)changed(q, &number, 10);
	move(q, d, b);
	assert_string_equal(changed(q, &number, 10), "d 0  ;");
	assert_string_equal(found(q, d, NOW), "d 0  ;");
	/* A grant to the old id starts from nothing. */
	grant_topics(q, a, "v");
	assert_string_equal(found(q, a, NOW), "a 60 v ;");
	revoke_topics(q, a, NULL);
	(void)changed(q, &number, 10);
	move(q, c, c);
	assert_string_equal(changed(q, &number, 10), "");
	assert_string_equal(listed(q, NOW), "c 61 z,x,y {};");
	assert_string_equal(listed(q, NOW + HOUR + 60000), "");
	queue_close(q);
}

/* Two requests with the old id may each move the session. */
static void
test_moves_twice(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct session_wish w = wish(b, "z", NOW);

	grant_topics(q, a, "x");
	move(q, a, b);
	grant(q, &w);
	move(q, a, c);
	assert_string_equal(found(q, a, NOW), "a 0 x ;");
	/* The result has no topics that were granted to the other new id
	 * meanwhile. */
	assert_string_equal(found(q, c, NOW), "c 60 x ;");
	assert_string_equal(found(q, b, NOW), "b 60 x,z ;");
	queue_close(q);
}

/* A log-out may move the id first, and may revoke by either id. */
static void
test_revokes_what_moved(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);

	grant_topics(q, a, "x\ny");
	move(q, a, b);
	revoke_topics(q, b, "x");
	assert_string_equal(found(q, a, NOW), "a 0 y ;");
	assert_string_equal(found(q, b, NOW), "b 60 y ;");
	move(q, b, c);
	revoke_topics(q, c, NULL);
	assert_string_equal(found(q, a, NOW), "");
	assert_string_equal(found(q, b, NOW), "");
	assert_string_equal(found(q, c, NOW), "");

	grant_topics(q, d, "x");
	move(q, d, c);
	revoke_topics(q, d, NULL);
	assert_string_equal(found(q, d, NOW), "");
	assert_string_equal(listed(q, NOW), "c 60 x ;");
	queue_close(q);
}

static void
test_revokes(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct session_wish w = wish(a, "x\ny\nz", NOW);
	uint64_t number = 0;

	w.payload = slice_of("{}");
	grant(q, &w);
	revoke_topics(q, a, "y\nv");
	assert_string_equal(found(q, a, NOW), "a 60 x,z {};");
	(void)changed(q, &number, 10);
	revoke_topics(q, a, "y");
	revoke_topics(q, b, NULL);
	assert_string_equal(changed(q, &number, 10), "");
	revoke_topics(q, a, NULL);
	assert_string_equal(found(q, a, NOW), "");
	assert_string_equal(changed(q, &number, 10), "a 0  ;");
	revoke_topics(q, a, NULL);
	assert_string_equal(changed(q, &number, 10), "");

	grant_topics(q, a, "x\ny");
	revoke_topics(q, a, "x\ny");
	assert_string_equal(listed(q, NOW), "");
	queue_close(q);
}

static void
test_changes_come_in_order(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	uint64_t number = 0;

	assert_int_equal(last_change(q), 0);
	grant_topics(q, a, "x");
	grant_topics(q, b, "x");
	grant_topics(q, c, "x");
	grant_topics(q, a, "y");
	assert_string_equal(changed(q, &number, 2), "b 60 x ;c 60 x ;");
	assert_string_equal(changed(q, &number, 2), "a 60 x,y ;");
	assert_int_equal(last_change(q), number);
	assert_string_equal(changed(q, &number, 2), "");
	queue_close(q);
}

static void
test_forgets_the_old(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct session_wish w = wish(c, "x", NOW + HOUR);
	uint64_t number = 0;

	grant_topics(q, a, "x");
	grant_topics(q, b, "x");
	revoke_topics(q, b, NULL);
	grant(q, &w);
	assert_string_equal(changed(q, &number, 10), "c 120 x ;");
	queue_close(q);
}

static void
test_reader_writes_nothing(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_READ);
	const struct session_wish w = wish(a, "x", NOW);
	struct problem p = { "" };

	assert_int_equal(queue_session_grant(q, &w, &p), ERR_READONLY);
	assert_int_equal(
	    queue_session_revoke(q, &a, none, NOW, &p), ERR_READONLY);
	assert_int_equal(
	    queue_session_move(q, &a, &b, NOW, 1, &p), ERR_READONLY);
	assert_int_equal(
	    queue_sessions_extend(q, NULL, 0, NOW, &day, &p), ERR_READONLY);
	queue_close(q);
}

/* Several processes show pages of one session at once. */
static void
test_many_grant(void **state)
{
	static const char *const topics[PROCESSES] = { "1", "2", "3", "4", "5",
		"1", "2", "3" };
	pid_t pid[PROCESSES];
	struct queue *q;

	queue_close(queue_room_open(*state, QUEUE_WRITE));
	for (size_t i = 0; i < PROCESSES; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			q = queue_room_open(*state, QUEUE_WRITE);
			grant_topics(q, a, topics[i]);
			_exit(0);
		}
	}
	for (size_t i = 0; i < PROCESSES; i++)
		assert_int_equal(queue_room_wait(pid[i]), 0);
	q = queue_room_open(*state, QUEUE_READ);
	assert_int_equal(strlen(found(q, a, NOW)), strlen("a 60 1,2,3,4,5 ;"));
	queue_close(q);
}

static void
test_memory(void **state)
{
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct queue *q = queue_room_open(*state, QUEUE_WRITE);
		struct session_wish w = wish(a, "x\ny", NOW);
		uint8_t token[GRANT_TOKEN_SIZE] = { TOKEN(a) };
		uint64_t last, number;
		enum err e;

		w.granted_ms = NOW;

		w.payload = slice_of("{}");
		w.replace = true;
		mem_fail_at(n);
		if ((e = queue_session_grant(q, &w, NULL)) == ERR_OK &&
		    (e = queue_sessions_extend(
			 q, &token, 1, NOW + HOUR / 2, &day, NULL)) == ERR_OK &&
		    (e = queue_session_move(q, &a, &b, NOW, 5, NULL)) ==
			ERR_OK &&
		    (e = queue_session_revoke(
			 q, &b, slice_of("x"), NOW, NULL)) == ERR_OK)
			e = queue_session_find(
			    q, &b, NOW, note, &last, &number);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		queue_close(q);
	}
}

static int
run(const char *backend)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_grants_add_up),
		QUEUE_ROOM_TEST(test_time_is_up),
		QUEUE_ROOM_TEST(test_writes_only_what_is_new),
		QUEUE_ROOM_TEST(test_extends),
		QUEUE_ROOM_TEST(test_extends_nothing_revoked),
		QUEUE_ROOM_TEST(test_kinds),
		QUEUE_ROOM_TEST(test_limit),
		QUEUE_ROOM_TEST(test_moves),
		QUEUE_ROOM_TEST(test_moves_twice),
		QUEUE_ROOM_TEST(test_revokes_what_moved),
		QUEUE_ROOM_TEST(test_revokes),
		QUEUE_ROOM_TEST(test_changes_come_in_order),
		QUEUE_ROOM_TEST(test_forgets_the_old),
		QUEUE_ROOM_TEST(test_reader_writes_nothing),
		QUEUE_ROOM_TEST(test_many_grant),
		QUEUE_ROOM_TEST(test_memory),
	};

	return cmocka_run_group_tests_name(backend, tests, NULL, NULL);
}

int
main(void)
{
	return queue_room_each(run);
}
