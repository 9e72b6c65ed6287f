/* SPDX-License-Identifier: MIT */
/* test_find.c - an event id leads only to updates that its reader may read. */
#include "unit/unit.h"

#include "unit/queue_room.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool
only_public(void *arg, bool private, struct slice topics)
{
	return !private || slice_eq(topics, *(const struct slice *)arg);
}

/* An update that the reader may not read counts as not found; a later one with
 * the same id may be found. */
static void
test_find_what_one_may_have(void **state)
{
	static const struct {
		const char *name, *id, *topics;
		bool known;
		uint64_t at;
	} cases[] = {
		{ "public", "public", "x", true, 1 },
		{ "private", "private", "x", false, 0 },
		{ "private, allowed", "private", "t", true, 2 },
		{ "reused", "reused", "x", true, 4 },
		{ "reused, allowed", "reused", "t", true, 3 },
		{ "none", "none", "t", false, 0 },
	};
	const struct update rows[] = {
		{ .topics = slice_of("t"), .id = slice_of("public") },
		{ .topics = slice_of("t"),
		    .id = slice_of("private"),
		    .private = true },
		{ .topics = slice_of("t"),
		    .id = slice_of("reused"),
		    .private = true },
		{ .topics = slice_of("t"), .id = slice_of("reused") },
	};
	struct queue *w = queue_room_open(*state, QUEUE_WRITE);

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct update *u = &rows[i];

		assert_int_equal(queue_append(w, &u, 1, NULL), ERR_OK);
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice topics = slice_of(cases[i].topics);
		uint64_t at = 9;
		bool known = !cases[i].known;

		assert_int_equal(queue_room_find(w, slice_of(cases[i].id),
				     only_public, &topics, &at, &known),
		    ERR_OK);
		if (known != cases[i].known || at != cases[i].at)
			fail_msg("%s", cases[i].name);
	}
	queue_close(w);
}

static int
run(const char *backend)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_find_what_one_may_have),
	};

	return cmocka_run_group_tests_name(backend, tests, NULL, NULL);
}

int
main(void)
{
	return queue_room_each(run);
}
