/* SPDX-License-Identifier: MIT */
/* test_reap.c - rows of dead processes are not listed, and end once. */
#include "unit/unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit/mem_fail.h"
#include "unit/presence_room.h"

#define TURN_US 10000

/* The process is killed, and its parent has not waited for it. */
static void
make_zombie(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void
make_stopped(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
}

/* One of several processes is a zombie; the others are alive, and one of them
 * is stopped. */
static void
test_who_lives(void **state)
{
	const struct presence_holder dead = { 11, "dead other", 1, false };
	const struct presence_holder stopped = { 12, "stopped", 1, false };
	const struct presence_holder stranger = { 13, "stranger", 1, true };
	struct queue_room *r = *state;
	struct queue *one = presence_room_open(r, 1);
	struct queue *two = presence_room_open(r, 2);
	pid_t pids[3];

	/* The first process that calls becomes the reaper. */
	assert_int_equal(presence_room_reap(one), 0);
	queue_room_share(r);
	pids[0] = presence_room_start(r, &dead);
	pids[1] = presence_room_start(r, &stopped);
	pids[2] = presence_room_start(r, &stranger);
	make_stopped(pids[1]);

	make_zombie(pids[0]);
	assert_string_equal(
	    presence_room_listed(one, NULL, NULL), "stopped stranger ");
	assert_string_equal(presence_room_listed(two, "dead", NULL), "");

	assert_int_equal(presence_room_reap_all(one, two), 1);
	assert_string_equal(presence_room_published(one),
	    "+dead +other +stopped +stranger -dead -other ");
	assert_int_equal(queue_room_wait(pids[0]), 1000 + SIGKILL);
	presence_room_kill(pids[1]);
	presence_room_kill(pids[2]);
	assert_string_equal(presence_room_listed(one, NULL, NULL), "");
	presence_room_reap_all(one, two);
	assert_int_equal(presence_room_reap(one), 0);
	assert_int_equal(
	    presence_room_count(presence_room_published(one), "-stopped"), 1);
	assert_int_equal(
	    presence_room_count(presence_room_published(one), "-stranger"), 1);
	queue_close(one);
	queue_close(two);
}

/* More rows than one transaction removes; the dead process was the reaper. */
static void
test_many(void **state)
{
	const struct presence_holder h = { 11, "a", 200, false };
	struct queue *one, *two;
	pid_t pid = presence_room_start(*state, &h);

	one = presence_room_open(*state, 1);
	two = presence_room_open(*state, 2);
	presence_room_kill(pid);
	assert_int_equal(presence_room_reap_all(one, two), 4);
	assert_int_equal(
	    presence_room_count(presence_room_published(one), "-a"), 200);
	assert_string_equal(presence_room_listed(one, NULL, NULL), "");
	queue_close(one);
	queue_close(two);
}

/* A subscriber that is away belongs to no process, and ends when its time is
 * up. */
static void
test_of_away(void **state)
{
	struct queue *one = presence_room_open(*state, 1);
	struct queue *two = presence_room_open(*state, 2);
	struct presence *over = presence_room_somebody("over", 1);
	struct presence *later = presence_room_somebody("later", 1);
	struct presence *back = presence_room_somebody("back", 1);
	const int64_t now = clock_real_ms();
	struct queue *dead = presence_room_open(*state, 3);

	assert_int_equal(
	    presence_room_change(dead, PRESENCE_THERE, over, 0), ERR_OK);
	assert_int_equal(
	    presence_room_change(dead, PRESENCE_AWAY, over, now - 1), ERR_OK);
	assert_int_equal(
	    presence_room_change(dead, PRESENCE_AWAY, later, now + 3600000),
	    ERR_OK);
	assert_int_equal(
	    presence_room_change(dead, PRESENCE_AWAY, back, now - 1), ERR_OK);
	queue_close(dead);
	assert_int_equal(
	    presence_room_change(two, PRESENCE_THERE, back, 0), ERR_OK);
	assert_int_equal(
	    presence_room_count(presence_room_listed(one, NULL, NULL), "over"),
	    0);
	assert_int_equal(
	    presence_room_count(presence_room_listed(one, NULL, NULL), "later"),
	    1);
	assert_int_equal(
	    presence_room_count(presence_room_listed(one, NULL, NULL), "back"),
	    1);
	assert_int_equal(presence_room_reap_all(one, two), 1);
	assert_string_equal(
	    presence_room_published(one), "+over +later +back -over ");
	queue_close(one);
	queue_close(two);
	presence_free(over);
	presence_free(later);
	presence_free(back);
}

/* If a call fails, nothing has ended and nothing is published; the next call
 * does it. */
static void
test_memory(void **state)
{
	const struct presence_holder h = { 11, "a b", 1, false };
	struct queue *q = presence_room_open(*state, 1);
	bool failed = true;
	int deaths = 0;

	for (long n = 1; failed; n++) {
		pid_t pid = presence_room_start(*state, &h);
		uint64_t epoch;
		bool more = false;
		enum err e = ERR_OK;

		presence_room_kill(pid);
		for (failed = false; !failed && !more;) {
			mem_fail_at(n);
			e = queue_reap(q, &epoch, &more, NULL);
			failed = mem_failed();
			mem_fail_at(0);
			if (!failed && !more)
				usleep(TURN_US);
		}
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		if (!more)
			presence_room_reap_all(q, q);
		deaths++;
		assert_int_equal(
		    presence_room_count(presence_room_published(q), "-a"),
		    deaths);
		assert_int_equal(
		    presence_room_count(presence_room_published(q), "-b"),
		    deaths);
	}
	queue_close(q);
}

static int
run(const char *backend)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_who_lives),
		QUEUE_ROOM_TEST(test_many),
		QUEUE_ROOM_TEST(test_of_away),
		QUEUE_ROOM_TEST(test_memory),
	};

	return cmocka_run_group_tests_name(backend, tests, NULL, NULL);
}

int
main(void)
{
	return queue_room_each(run);
}
