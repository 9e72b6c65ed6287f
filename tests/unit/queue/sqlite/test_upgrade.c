/* SPDX-License-Identifier: MIT */
/* test_upgrade.c - databases of earlier versions get what the present one has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "queue/sqlite/sqlite.h"
#include "unit/presence_room.h"
#include "unit/queue_files.h"

/* A database of the first version gets the column, and keeps its rows. */
static void
test_upgrade(void **state)
{
	static const char row[] =
	    "INSERT INTO subscribers (key, owner, until_ms, subscriber, topics)"
	    " VALUES (5, 0, 9000000000000, 'urn:x', 'old')";
	static const uint64_t session = PRESENCE_BY_SESSION;
	struct queue_room *r = *state;
	struct presence *p;
	bool more = true;
	struct queue *q = presence_room_open(r, 7);

	queue_files_run(q, "ALTER TABLE subscribers DROP COLUMN signer;"
			   "PRAGMA user_version = 1;");
	queue_files_run(q, row);
	queue_close(q);

	q = presence_room_open(r, 7);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "old ");
	p = presence_room_somebody("new", 1);
	assert_int_equal(
	    presence_room_change(q, PRESENCE_PARKED, p, INT64_MAX), ERR_OK);
	presence_free(p);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "new old ");
	while (more)
		assert_int_equal(
		    queue_end_waiting(q, &session, 1, &more, NULL), ERR_OK);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "");
	queue_close(q);
}
int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_upgrade),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
