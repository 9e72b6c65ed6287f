/* SPDX-License-Identifier: MIT */
/* test_reap.c - processes lock their byte in a new sidecar. */
#include "unit/unit.h"

#include <unistd.h>

#include "base/clock.h"
#include "queue/sqlite/sidecar_state.h"
#include "queue/sqlite/sqlite.h"
#include "unit/presence_room.h"
#include "unit/queue_files.h"

#define PAUSE_US 10000

/* "queue.db-hub" is removed: living processes lock their byte in the new one
 * before the reaper searches for dead ones. */
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

static struct sidecar *
side_of(struct queue *q)
{
	return ((struct queue_sqlite *)q)->side;
}

/* Does `q` become a reaper beside a leader that has just searched?  A test that
 * is stopped for too long in between asks again. */
static bool
leads_beside(struct queue *leader, struct queue *q)
{
	int64_t start_ms;
	bool leads;

	do {
		start_ms = clock_mono_ms();
		assert_true(sidecar_lead(side_of(leader)));
		leads = sidecar_lead(side_of(q));
	} while (leads && clock_mono_ms() - start_ms >= SIDECAR_LEAD_MS);
	return leads;
}

/* A stopped leader keeps its lock.  Another process removes the rows of dead
 * processes, in as many transactions as that takes, until the leader
 * continues. */
static void
test_leader_stopped(void **state)
{
	const struct presence_holder h = { 11, "a", 100, false };
	struct queue_room *r = *state;
	struct queue *leader = presence_room_open(r, 1);
	struct queue *other = presence_room_open(r, 2);
	struct sidecar_page *page = side_of(leader)->page;

	assert_int_equal(presence_room_reap(leader), 0);
	assert_false(leads_beside(leader, other));
	presence_room_kill(presence_room_start(r, &h));
	page->made_ms -= 3600000;
	page->led_ms -= SIDECAR_LEAD_MS;
	assert_int_equal(presence_room_reap(other), 2);
	assert_string_equal(presence_room_listed(other, NULL, NULL), "");
	assert_int_equal(
	    presence_room_count(presence_room_published(other), "-a "), 100);
	assert_false(leads_beside(leader, other));
	queue_close(leader);
	assert_true(sidecar_lead(side_of(other)));
	queue_close(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_sidecar_removed),
		QUEUE_ROOM_TEST(test_leader_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
