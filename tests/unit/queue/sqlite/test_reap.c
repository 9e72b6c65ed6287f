/* SPDX-License-Identifier: MIT */
/* test_reap.c - processes take their byte again when the sidecar is another file. */
#include "unit/unit.h"

#include <unistd.h>

#include "queue/sqlite/sqlite.h"
#include "unit/presence_room.h"
#include "unit/queue_files.h"

#define PAUSE_US 10000

/* "queue.db-hub" is removed: living processes lock their byte in the new one
 * before the reaper looks for dead ones. */
static void
test_sidecar_removed(void **state)
{
	const struct presence_holder h = { 11, "a", 1, false };
	struct queue_room *r = *state;
	struct queue *one = presence_room_open(r, 1);
	struct queue *late;
	pid_t pid = presence_room_start(r, &h);

	assert_int_equal(unlink(queue_files_path(r, "-hub")), 0);
	late = presence_room_open(r, 2);
	for (int64_t age = 0; age < 3000; usleep(PAUSE_US)) {
		assert_int_equal(presence_room_reap(one), 0);
		assert_int_equal(presence_room_reap(late), 0);
		age = sidecar_age_ms(((struct queue_sqlite *)late)->side);
	}
	assert_string_equal(presence_room_listed(late, NULL, NULL), "a ");
	assert_string_equal(presence_room_published(late), "+a ");
	presence_room_kill(pid);
	assert_string_equal(presence_room_listed(late, NULL, NULL), "");
	presence_room_reap_all(one, late);
	assert_string_equal(presence_room_published(late), "+a -a ");
	queue_close(one);
	queue_close(late);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_sidecar_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
