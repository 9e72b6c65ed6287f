/* SPDX-License-Identifier: MIT */
/* test_reap.c - what dead processes leave is gone at once, and told once. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "queue/sqlite/sqlite.h"
#include "unit/mem_fail.h"
#include "unit/presence_room.h"

#define TURN_US 10000

/* A process with subscribers. */
struct holder {
	uint64_t owner;
	const char *topics;
	size_t n;
	bool as_stranger; /* if it can */
};

/* Says through `to` that its rows are there, and goes on as a hub does. */
static int
hold(struct queue_room *r, const struct holder *h, int to)
{
	struct queue *q;

	if (h->as_stranger && geteuid() == 0 &&
	    (setgid(54321) == -1 || setuid(54321) == -1))
		return 1;
	q = presence_room_open(r, h->owner);
	for (size_t i = 0; i < h->n; i++)
		if (presence_room_change(q, PRESENCE_THERE,
			presence_room_somebody(h->topics, 1), 0) != ERR_OK)
			return 1;
	if (write(to, "", 1) != 1)
		return 1;
	for (;; usleep(TURN_US))
		if (presence_room_reap(q) == -1)
			return 1;
}

static pid_t
start(struct queue_room *r, const struct holder *h)
{
	int said[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(said), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(hold(r, h, said[1]));
	close(said[1]);
	assert_int_equal(read(said[0], &byte, 1), 1);
	close(said[0]);
	return pid;
}

/* It is dead, and its parent does not ask. */
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

static void
make_gone(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(queue_room_wait(pid), 1000 + SIGKILL);
}

/* Until one of these handles has removed something, then to the end.  Returns
 * the number of transactions. */
static int
reap_all(struct queue *one, struct queue *two)
{
	int n = 0;

	for (; n == 0; usleep(TURN_US)) {
		const int a = presence_room_reap(one);
		const int b = presence_room_reap(two);

		assert_true(a >= 0 && b >= 0);
		n += a + b;
	}
	assert_int_equal(presence_room_reap(one), 0);
	assert_int_equal(presence_room_reap(two), 0);
	return n;
}

/* `topic` stands in `text` so often. */
static int
times(const char *text, const char *topic)
{
	int n = 0;

	while ((text = strstr(text, topic)) != NULL) {
		text += strlen(topic);
		n++;
	}
	return n;
}

/* Killed, not even waited for: one of several processes.  The others are
 * alive, be it that they are stopped. */
static void
test_who_lives(void **state)
{
	const struct holder dead = { 11, "dead other", 1, false };
	const struct holder stopped = { 12, "stopped", 1, false };
	const struct holder stranger = { 13, "stranger", 1, true };
	struct queue_room *r = *state;
	struct queue *one = presence_room_open(r, 1);
	struct queue *two = presence_room_open(r, 2);
	pid_t pids[3];

	/* The first of them to call looks after the dead. */
	assert_int_equal(presence_room_reap(one), 0);
	assert_int_equal(chmod(r->dir, 0777), 0);
	for (int i = 0; i < 4; i++) {
		static const char *const suffixes[] = { "", "-wal", "-shm",
			"-hub" };

		assert_int_equal(
		    chmod(queue_room_path(r, suffixes[i]), 0666), 0);
	}
	pids[0] = start(r, &dead);
	pids[1] = start(r, &stopped);
	pids[2] = start(r, &stranger);
	make_stopped(pids[1]);

	make_zombie(pids[0]);
	assert_string_equal(
	    presence_room_listed(one, NULL, NULL), "stopped stranger ");
	assert_string_equal(presence_room_listed(two, "dead", NULL), "");

	assert_int_equal(reap_all(one, two), 1);
	assert_string_equal(presence_room_told(one),
	    "+dead +other +stopped +stranger -dead -other ");
	assert_int_equal(queue_room_wait(pids[0]), 1000 + SIGKILL);
	make_gone(pids[1]);
	make_gone(pids[2]);
	assert_string_equal(presence_room_listed(one, NULL, NULL), "");
	reap_all(one, two);
	assert_int_equal(presence_room_reap(one), 0);
	assert_int_equal(times(presence_room_told(one), "-stopped"), 1);
	assert_int_equal(times(presence_room_told(one), "-stranger"), 1);
	queue_close(one);
	queue_close(two);
}

/* In parts; and who looked after the dead may be among them. */
static void
test_many(void **state)
{
	const struct holder h = { 11, "a", 200, false };
	struct queue *one, *two;
	pid_t pid = start(*state, &h);

	one = presence_room_open(*state, 1);
	two = presence_room_open(*state, 2);
	make_gone(pid);
	assert_int_equal(reap_all(one, two), 4);
	assert_int_equal(times(presence_room_told(one), "-a"), 200);
	assert_string_equal(presence_room_listed(one, NULL, NULL), "");
	queue_close(one);
	queue_close(two);
}

/* A parked one belongs to nobody, until its time is up. */
static void
test_parked(void **state)
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
	    presence_room_change(dead, PRESENCE_PARKED, over, now - 1), ERR_OK);
	assert_int_equal(
	    presence_room_change(dead, PRESENCE_PARKED, later, now + 3600000),
	    ERR_OK);
	assert_int_equal(
	    presence_room_change(dead, PRESENCE_PARKED, back, now - 1), ERR_OK);
	queue_close(dead);
	assert_int_equal(
	    presence_room_change(two, PRESENCE_THERE, back, 0), ERR_OK);
	assert_int_equal(
	    times(presence_room_listed(one, NULL, NULL), "over"), 0);
	assert_int_equal(
	    times(presence_room_listed(one, NULL, NULL), "later"), 1);
	assert_int_equal(
	    times(presence_room_listed(one, NULL, NULL), "back"), 1);
	assert_int_equal(reap_all(one, two), 1);
	assert_string_equal(
	    presence_room_told(one), "+over +later +back -over ");
	queue_close(one);
	queue_close(two);
	presence_free(over);
	presence_free(later);
	presence_free(back);
}

/* Somebody tidies up "queue.db-hub": the living show themselves in the new
 * one before anybody looks for the dead. */
static void
test_sidecar_removed(void **state)
{
	const struct holder h = { 11, "a", 1, false };
	struct queue_room *r = *state;
	struct queue *one = presence_room_open(r, 1);
	struct queue *late;
	pid_t pid = start(r, &h);

	assert_int_equal(unlink(queue_room_path(r, "-hub")), 0);
	late = presence_room_open(r, 2);
	for (int64_t age = 0; age < 3000; usleep(TURN_US)) {
		assert_int_equal(presence_room_reap(one), 0);
		assert_int_equal(presence_room_reap(late), 0);
		age = sidecar_age_ms(((struct queue_sqlite *)late)->side);
	}
	assert_string_equal(presence_room_listed(late, NULL, NULL), "a ");
	assert_string_equal(presence_room_told(late), "+a ");
	make_gone(pid);
	assert_string_equal(presence_room_listed(late, NULL, NULL), "");
	reap_all(one, late);
	assert_string_equal(presence_room_told(late), "+a -a ");
	queue_close(one);
	queue_close(late);
}

/* Whatever fails, nothing is told but what is done, and the next one does
 * it. */
static void
test_memory(void **state)
{
	const struct holder h = { 11, "a b", 1, false };
	struct queue *q = presence_room_open(*state, 1);
	bool failed = true;
	int deaths = 0;

	for (long n = 1; failed; n++) {
		pid_t pid = start(*state, &h);
		uint64_t epoch;
		bool more = false;
		enum err e = ERR_OK;

		make_gone(pid);
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
			reap_all(q, q);
		deaths++;
		assert_int_equal(times(presence_room_told(q), "-a"), deaths);
		assert_int_equal(times(presence_room_told(q), "-b"), deaths);
	}
	queue_close(q);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, queue_room_make, queue_room_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_who_lives),
		TEST(test_many),
		TEST(test_parked),
		TEST(test_sidecar_removed),
		TEST(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
