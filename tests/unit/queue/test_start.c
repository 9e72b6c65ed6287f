/* SPDX-License-Identifier: MIT */
/* test_start.c - where a request starts, and as whom, is one answer. */
#include "unit/unit.h"

#include "unit/mem_fail.h"
#include "unit/queue_room.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW 1000

static const struct session_key key = { "s" };

static void
grant(struct queue *q, const char *topics)
{
	const struct session_wish w = { .key = key,
		.topics = slice_of(topics),
		.now_ms = NOW,
		.until_ms = NOW * 2,
		.topics_max = 9,
		.replace = true };

	assert_int_equal(queue_session_grant(q, &w, NULL), ERR_OK);
}

/* Another process changes everything while the question is answered. */
struct other {
	struct queue_room *room;
	struct queue *writer;
	struct queue_start start;
	char topics[8];
	unsigned asked;
};

static void
change_all(void *arg, const struct session *s, uint64_t number)
{
	struct other *o = arg;

	(void)number;
	memcpy(o->topics, s->topics.base, s->topics.len);
	grant(o->writer, "other");
	assert_int_equal(queue_room_put(o->writer, "b"), ERR_OK);
}

static bool
change_more(void *arg, bool private, struct slice topics)
{
	struct other *o = arg;

	(void)private;
	(void)topics;
	o->asked++;
	assert_int_equal(queue_room_put(o->writer, "b"), ERR_OK);
	return o->asked > 1;
}

static struct queue_question
ask_all(struct other *o, const char *id)
{
	return (struct queue_question){ .last_id = slice_of(id),
		.session = &key,
		.sessions_n = 1,
		.now_ms = NOW,
		.each = change_all,
		.may = change_more,
		.arg = o };
}

/* A change between two parts of the question is in none of the answers. */
static void
test_as_of_one_moment(void **state)
{
	struct other o = { .room = *state,
		.writer = queue_room_open(*state, QUEUE_WRITE) };
	struct queue *q = queue_room_open(*state, QUEUE_READ);
	const struct queue_question ask = ask_all(&o, "a");
	struct queue_start end;

	grant(o.writer, "t");
	assert_int_equal(queue_room_put(o.writer, "a"), ERR_OK);
	assert_int_equal(queue_end(q, &end), ERR_OK);
	assert_int_equal(queue_start(q, &ask, &o.start), ERR_OK);
	assert_string_equal(o.topics, "t");
	assert_int_equal(o.asked, 1);
	assert_false(o.start.known);
	assert_int_equal(o.start.at, 0);
	assert_int_equal(o.start.tail, end.tail);
	assert_int_equal(o.start.sessions, end.sessions);
	assert_memory_equal(&o.start.key, &end.key, sizeof(end.key));

	assert_int_equal(queue_end(q, &end), ERR_OK);
	assert_int_equal(end.tail, 3);
	assert_int_equal(end.sessions, o.start.sessions + 1);
	queue_close(o.writer);
	queue_close(q);
}

static void
lose_all(void *arg, const struct session *s, uint64_t number)
{
	struct other *o = arg;

	(void)s;
	(void)number;
	queue_close(o->writer);
	queue_room_lose(o->room);
	o->writer = queue_room_open(o->room, QUEUE_WRITE);
}

/* Rights and position always come from the same database, and so does the
 * key. */
static void
test_another_queue_in_between(void **state)
{
	struct other o = { .room = *state,
		.writer = queue_room_open(*state, QUEUE_WRITE) };
	struct queue *q = queue_room_open(*state, QUEUE_READ);
	struct queue_question ask = ask_all(&o, "a");
	struct queue_start before;

	ask.each = lose_all;
	ask.may = NULL;
	grant(o.writer, "t");
	assert_int_equal(queue_room_put(o.writer, "a"), ERR_OK);
	assert_int_equal(queue_end(q, &before), ERR_OK);
	assert_int_equal(queue_start(q, &ask, &o.start), ERR_OK);
	assert_int_equal(o.start.key.epoch, before.key.epoch);
	assert_true(o.start.known);
	assert_int_equal(o.start.at, 1);
	queue_close(o.writer);
	queue_close(q);
}

/* Without an id, a request starts at the end; with an empty or an unknown one,
 * at the start. */
static void
test_without_session(void **state)
{
	static const struct {
		const char *id;
		bool known;
		uint64_t at;
	} cases[] = {
		{ NULL, true, 2 },
		{ "", false, 0 },
		{ "none", false, 0 },
		{ "a", true, 1 },
		{ "#", false, 0 },
	};
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);

	assert_int_equal(queue_room_put(q, "a"), ERR_OK);
	assert_int_equal(queue_room_put(q, "b"), ERR_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct queue_question ask = { .last_id =
							slice_of(cases[i].id) };
		struct queue_start s;

		assert_int_equal(queue_start(q, &ask, &s), ERR_OK);
		assert_int_equal(s.known, cases[i].known);
		assert_int_equal(s.at, cases[i].at);
		assert_int_equal(s.tail, 2);
		assert_null(s.away);
	}
	queue_close(q);
}

static void
ignore(void *arg, const struct session *s, uint64_t number)
{
	(void)arg;
	(void)s;
	(void)number;
}

static void
test_no_memory(void **state)
{
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);
	bool failed = true;

	grant(w, "t");
	assert_int_equal(queue_room_put(w, "a"), ERR_OK);
	for (unsigned n = 1; failed; n++) {
		struct queue *q = queue_room_open(*state, QUEUE_READ);
		const struct queue_question ask = {
			.last_id = slice_of("#AAAAAAAAAAAAAAAAAAAAAA"),
			.session = &key,
			.sessions_n = 1,
			.now_ms = NOW,
			.each = ignore,
		};
		struct queue_start s;
		enum err e;

		mem_fail_at(n);
		e = queue_start(q, &ask, &s);
		failed = mem_failed();
		mem_fail_at(0);
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		queue_close(q);
	}
	queue_close(w);
}

static int
run(const char *backend)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_as_of_one_moment),
		QUEUE_ROOM_TEST(test_another_queue_in_between),
		QUEUE_ROOM_TEST(test_without_session),
		QUEUE_ROOM_TEST(test_no_memory),
	};

	return cmocka_run_group_tests_name(backend, tests, NULL, NULL);
}

int
main(void)
{
	return queue_room_each(run);
}
