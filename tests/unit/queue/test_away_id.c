/* SPDX-License-Identifier: MIT */
/* test_away_id.c - an event id leads back to a subscriber that is away. */
#include "unit/unit.h"

#include "unit/mem_fail.h"
#include "unit/presence_room.h"

#define FOREVER INT64_MAX

/* The id of the end of the log, with the key of `p` in it. */
static void
make_id(struct queue *q, const struct presence *p, char out[])
{
	struct queue_cursor_key k;
	uint64_t tail;

	assert_int_equal(queue_room_key(q, &k), ERR_OK);
	assert_int_equal(queue_room_tail(q, &tail), ERR_OK);
	assert_int_equal(queue_away_id(&k, tail, p->key, out), ERR_OK);
}

static bool
finds(struct queue *q, const char *id)
{
	struct presence *p = NULL;
	uint64_t key = 0;
	bool found;

	assert_int_equal(queue_room_away(q, slice_of(id), &p, &key), ERR_OK);
	found = p != NULL;
	presence_free(p);
	return found;
}

static void
test_who_comes_back(void **state)
{
	struct queue *one = presence_room_open(*state, 1);
	struct queue *two = presence_room_open(*state, 2);
	struct presence *p = presence_room_somebody("b a/{x}", 3);
	struct presence *back = NULL;
	uint64_t at, tail;
	char id[QUEUE_AWAY_ID_SIZE];
	uint64_t key = 0;
	bool known = false;

	assert_int_equal(
	    presence_room_change(one, PRESENCE_AWAY, p, FOREVER), ERR_OK);
	make_id(one, p, id);
	assert_int_equal(
	    queue_room_away(two, slice_of(id), &back, &key), ERR_OK);
	assert_non_null(back);
	assert_true(back->key == p->key);
	assert_string_equal(back->subscriber, p->subscriber);
	assert_true(slice_eq(back->payload, p->payload));
	assert_true(presence_is_like(back, p));

	/* It is a position like any other. */
	assert_int_equal(
	    queue_room_find(two, slice_of(id), NULL, NULL, &at, &known),
	    ERR_OK);
	assert_int_equal(queue_room_tail(two, &tail), ERR_OK);
	assert_true(known && at == tail);
	presence_free(back);
	presence_free(p);
	queue_close(one);
	queue_close(two);
}

static void
test_nobody(void **state)
{
	struct queue *q = presence_room_open(*state, 1);
	struct presence *p = presence_room_somebody("a", 0);
	struct presence *other = presence_room_somebody("a", 0);
	struct queue_cursor_key k;
	char id[QUEUE_AWAY_ID_SIZE], plain[QUEUE_ID_SIZE];

	assert_int_equal(
	    presence_room_change(q, PRESENCE_AWAY, p, FOREVER), ERR_OK);
	make_id(q, other, id);
	assert_false(finds(q, id));
	make_id(q, p, id);
	assert_true(finds(q, id));
	id[10] = id[10] == 'A' ? 'B' : 'A';
	assert_false(finds(q, id));
	make_id(q, p, id);
	id[strlen(id) - 2] = '\0';
	assert_false(finds(q, id));
	assert_int_equal(queue_room_key(q, &k), ERR_OK);
	assert_int_equal(queue_cursor_id(&k, 1, plain), ERR_OK);
	assert_false(finds(q, plain));
	assert_false(finds(q, "urn:a"));
	assert_false(finds(q, ""));

	/* The subscriber's time is up; it has a stream again; it has ended. */
	make_id(q, p, id);
	assert_int_equal(presence_room_change(q, PRESENCE_THERE, p, 0), ERR_OK);
	assert_false(finds(q, id));
	assert_int_equal(presence_room_change(q, PRESENCE_AWAY, p, 1), ERR_OK);
	assert_false(finds(q, id));
	assert_int_equal(presence_room_change(q, PRESENCE_THERE, p, 0), ERR_OK);
	assert_int_equal(presence_room_change(q, PRESENCE_GONE, p, 0), ERR_OK);
	assert_false(finds(q, id));
	presence_free(p);
	presence_free(other);
	queue_close(q);
}

static void
test_memory(void **state)
{
	struct queue_room *room = *state;
	struct queue *q = presence_room_open(room, 1);
	struct presence *p = presence_room_somebody("a b", 1);
	char id[QUEUE_AWAY_ID_SIZE];
	bool failed = true;

	assert_int_equal(
	    presence_room_change(q, PRESENCE_AWAY, p, FOREVER), ERR_OK);
	make_id(q, p, id);
	for (long n = 1; failed; n++) {
		struct queue *r = NULL;
		struct presence *back = NULL;
		uint64_t key;
		enum err e;

		mem_fail_at(n);
		e = queue_open(&r, &room->settings, QUEUE_READ, NULL);
		if (e == ERR_OK)
			e = queue_room_away(r, slice_of(id), &back, &key);
		failed = mem_failed();
		mem_fail_at(0);
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		assert_int_equal(back != NULL, e == ERR_OK);
		presence_free(back);
		queue_close(r);
	}
	presence_free(p);
	queue_close(q);
}

static int
run(const char *backend)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_who_comes_back),
		QUEUE_ROOM_TEST(test_nobody),
		QUEUE_ROOM_TEST(test_memory),
	};

	return cmocka_run_group_tests_name(backend, tests, NULL, NULL);
}

int
main(void)
{
	return queue_room_each(run);
}
