/* SPDX-License-Identifier: MIT */
/* test_keys.c - key sets in the queue: one process fetches, all read. */
#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "queue/keys.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

#define NOW INT64_C(1700000000000)
#define DAY (INT64_C(24) * 3600 * 1000)
#define PROCESSES 8

static const struct slice url = { "https://example.com/jwks", 24 };
static const struct slice other = { "https://example.com/other", 25 };
static const struct slice none = { NULL, 0 };

static bool
claims(struct queue *q, struct slice of, int64_t now_ms, int64_t since_ms)
{
	struct problem p = { "" };
	bool mine = false;

	if (queue_keys_claim(q, of, now_ms, since_ms, &mine, &p) != ERR_OK)
		fail_msg("%s", p.text);
	return mine;
}

static void
store(struct queue *q, struct slice text, int64_t now_ms, const char *error)
{
	struct problem p = { "" };

	if (queue_keys_store(q, url, text, now_ms, now_ms + 1000,
		slice_of(error), &p) != ERR_OK)
		fail_msg("%s", p.text);
}

/* The row, and its set as a text (static); "-": there is no row. */
static const char *
row(struct queue *q, struct queue_keys *k)
{
	static char text[64];
	struct buf b;
	enum err e;

	buf_init(&b, QUEUE_KEYS_MAX);
	if ((e = queue_keys_read(q, url, k, &b)) == ERR_NOTFOUND)
		return "-";
	assert_int_equal(e, ERR_OK);
	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(buf_view(&b)));
	buf_free(&b);
	return text;
}

static void
test_claims(void **state)
{
	struct queue *a = queue_room_open(*state, QUEUE_WRITE);
	struct queue *b = queue_room_open(*state, QUEUE_WRITE);

	assert_true(claims(a, url, NOW, NOW - 10));
	assert_false(claims(b, url, NOW + 5, NOW - 5));
	assert_false(claims(a, url, NOW + 9, NOW - 1));
	assert_true(claims(b, other, NOW + 5, NOW - 5));
	assert_true(claims(b, url, NOW + 10, NOW));
	/* A process that read the clock earlier and then waited for the
	 * lock. */
	assert_false(claims(a, url, NOW + 9, NOW - 1));
	/* The clock was set back: a claim is possible at once. */
	assert_true(claims(a, url, NOW - DAY, NOW - DAY - 10));
	queue_close(a);
	queue_close(b);
}

static void
test_keeps(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct queue *reader = queue_room_open(*state, QUEUE_READ);
	struct queue_keys k = { 0 };

	assert_string_equal(row(reader, &k), "-");
	assert_true(claims(q, url, NOW, NOW - 10));
	assert_string_equal(row(reader, &k), "");
	assert_true(k.changed_ms == 0 && k.fresh_ms == 0 && k.tried_ms == NOW);

	store(q, none, NOW + 1, "no answer");
	assert_string_equal(row(reader, &k), "");
	assert_string_equal(k.error.text, "no answer");
	assert_true(k.changed_ms == 0);

	store(q, slice_of("first"), NOW + 2, "");
	assert_string_equal(row(reader, &k), "first");
	assert_string_equal(k.error.text, "");
	assert_true(k.changed_ms == NOW + 2 && k.fresh_ms == NOW + 1002);

	/* The same set arrives again: it is fresh for longer, and not
	 * changed. */
	store(q, slice_of("first"), NOW + 3, "");
	assert_string_equal(row(reader, &k), "first");
	assert_true(k.changed_ms == NOW + 2 && k.fresh_ms == NOW + 1003);

	store(q, slice_of("second"), NOW + 4, "");
	assert_string_equal(row(reader, &k), "second");
	assert_true(k.changed_ms == NOW + 4 && k.tried_ms == NOW);

	/* After a failed fetch the last set stays. */
	store(q, none, NOW + 5, "cut off");
	assert_string_equal(row(reader, &k), "second");
	assert_string_equal(k.error.text, "cut off");
	assert_true(k.changed_ms == NOW + 4 && k.fresh_ms == NOW + 1004);
	queue_close(q);
	queue_close(reader);
}

static void
test_forgets_what_nobody_asks_for(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct queue_keys k = { 0 };

	assert_true(claims(q, other, NOW, NOW - 10));
	store(q, slice_of("set"), NOW + 31 * DAY, "");
	assert_int_equal(queue_keys_read(q, other, &k, NULL), ERR_NOTFOUND);
	assert_int_equal(queue_keys_read(q, url, &k, NULL), ERR_OK);
	queue_close(q);
}

static void
test_reader_writes_nothing(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_READ);
	struct problem p = { "" };
	bool mine = false;

	assert_int_equal(
	    queue_keys_claim(q, url, NOW, NOW, &mine, &p), ERR_READONLY);
	assert_int_equal(
	    queue_keys_store(q, url, url, NOW, NOW, none, &p), ERR_READONLY);
	queue_close(q);
}

/* Of many processes, one fetches. */
static void
test_one_claims(void **state)
{
	pid_t pid[PROCESSES];
	int winners = 0;

	queue_close(queue_room_open(*state, QUEUE_WRITE));
	for (size_t i = 0; i < PROCESSES; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0)
			_exit(claims(queue_room_open(*state, QUEUE_WRITE), url,
				  NOW + (int64_t)i, NOW - 1000)
				  ? 1
				  : 0);
	}
	for (size_t i = 0; i < PROCESSES; i++)
		winners += queue_room_wait(pid[i]);
	assert_int_equal(winners, 1);
}

static void
test_memory(void **state)
{
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct queue *q = queue_room_open(*state, QUEUE_WRITE);
		struct queue_keys k = { 0 };
		bool mine;
		struct buf b;
		enum err e;

		buf_init(&b, QUEUE_KEYS_MAX);
		store(q, slice_of("set"), NOW, "");
		mem_fail_at(n);
		if ((e = queue_keys_claim(
			 q, url, NOW + n, NOW + n, &mine, NULL)) == ERR_OK)
			e = queue_keys_read(q, url, &k, &b);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		buf_free(&b);
		queue_close(q);
	}
}

static int
run(const char *backend)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_claims),
		QUEUE_ROOM_TEST(test_keeps),
		QUEUE_ROOM_TEST(test_forgets_what_nobody_asks_for),
		QUEUE_ROOM_TEST(test_reader_writes_nothing),
		QUEUE_ROOM_TEST(test_one_claims),
		QUEUE_ROOM_TEST(test_memory),
	};

	return cmocka_run_group_tests_name(backend, tests, NULL, NULL);
}

int
main(void)
{
	return queue_room_each(run);
}
