/* SPDX-License-Identifier: MIT */
/* test_sidecar_crowd.c - slots, while processes start and end. */
#include "unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "queue/sqlite/sidecar.h"
#include "queue/sqlite/sidecar_crowd.h"
#include "unit/mem_fail.h"
#include "unit/queue_files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SLOTS_AT 8192
#define SIZE_OF(slots) (SLOTS_AT + 32 * (off_t)(slots))

static struct queue_crowd *
open_crowd(const struct queue_room *r)
{
	struct queue_crowd *c = NULL;
	struct problem p = { "" };

	if (sidecar_crowd_open(&c, queue_files_db(r), &p) != ERR_OK)
		fail_msg("%s", p.text);
	return c;
}

static struct crowd_table *
table(struct queue_crowd *c)
{
	struct crowd_table *t = NULL;
	struct problem p = { "" };

	if (sidecar_crowd_table(c, &t, &p) != ERR_OK)
		fail_msg("%s", p.text);
	return t;
}

static struct crowd_keys
keys(const struct queue_crowd *c)
{
	const struct crowd_keys one = { 1, 1 };
	uint64_t secret[2];

	sidecar_crowd_secret(c, secret);
	return crowd_key_hide(&one, secret);
}

static struct crowd_seat
claim(struct queue_crowd *c)
{
	const struct crowd_keys k = keys(c);
	struct crowd_seat seat;

	assert_int_equal(
	    crowd_table_take(table(c), &k, clock_real_ms(), &seat), ERR_OK);
	return seat;
}

/* Are there more than `limit` streams with one more? */
static bool
is_full(struct queue_crowd *c, uint64_t limit)
{
	const struct crowd_limits limits = { 0, limit, limit };
	const struct crowd_keys k = keys(c);
	struct crowd_seat seat = claim(c);
	enum crowd_limit which =
	    crowd_table_check(table(c), &k, &limits, clock_real_ms(), &seat);

	crowd_table_leave(table(c), &seat);
	return which != CROWD_WITHIN;
}

static struct stat
file(const struct queue_room *r)
{
	struct stat st;

	assert_int_equal(stat(queue_files_path(r, "-hub"), &st), 0);
	return st;
}

/* A file of an earlier version is used, and the earlier version can use it. */
static void
test_first_part(void **state)
{
	struct queue_room *r = *state;
	struct sidecar *old = NULL, *again = NULL;
	struct queue_crowd *c, *other;
	pid_t holder = 0;
	uint32_t word;

	assert_int_equal(sidecar_open(&old, queue_files_db(r), NULL), ERR_OK);
	assert_int_equal(file(r).st_size, 4096);
	word = sidecar_word(old);
	c = open_crowd(r);
	assert_int_equal(file(r).st_size, SIZE_OF(SIDECAR_CROWD_SLOTS));
	assert_int_equal(file(r).st_mode & 0777, 0660);
	assert_true(file(r).st_blocks * 512 >= file(r).st_size);
	claim(c);
	assert_int_equal(sidecar_open(&again, queue_files_db(r), NULL), ERR_OK);
	assert_int_equal(sidecar_lock(old, 0, &holder), ERR_OK);
	assert_int_equal(sidecar_lock(again, 0, &holder), ERR_BUSY);
	sidecar_unlock(old);
	sidecar_wake(again);
	assert_int_equal(sidecar_word(old), word + 1);

	other = open_crowd(r);
	assert_true(is_full(other, 1));
	sidecar_crowd_close(other);
	sidecar_crowd_close(c);
	sidecar_close(old);
	sidecar_close(again);
}

static void
write_at(const struct queue_room *r, off_t at, const void *bytes, size_t n)
{
	int fd = open(queue_files_path(r, "-hub"), O_WRONLY);

	assert_int_equal(pwrite(fd, bytes, n, at), (ssize_t)n);
	close(fd);
}

static void
test_newer(void **state)
{
	struct queue_room *r = *state;
	struct queue_crowd *c = open_crowd(r);
	struct problem p = { "" };

	sidecar_crowd_close(c);
	c = NULL;
	write_at(r, 4096, "\x02", 1);
	assert_int_equal(
	    sidecar_crowd_open(&c, queue_files_db(r), &p), ERR_NEWER);
	assert_null(c);
	assert_non_null(strstr(p.text, queue_files_path(r, "-hub")));
	assert_non_null(strstr(p.text, "upgrade"));
}

/* The table; its file is opened again if necessary. */
static struct crowd_table *
table_now(const struct queue_room *r, struct queue_crowd **c)
{
	struct crowd_table *t = NULL;

	if (sidecar_crowd_table(*c, &t, NULL) == ERR_MOVED) {
		sidecar_crowd_close(*c);
		*c = open_crowd(r);
	}
	return table(*c);
}

/* The file may get any size: no signal ends the process, and slots return. */
static void
test_cut(void **state)
{
	static const off_t sizes[] = { 0, 4096, 4100, SLOTS_AT, SLOTS_AT + 1,
		SLOTS_AT + 320, SIZE_OF(SIDECAR_CROWD_SLOTS) - 1,
		SIZE_OF(SIDECAR_CROWD_SLOTS) + 33,
		SIZE_OF(SIDECAR_CROWD_SLOTS * 2), (off_t)100 << 20 };
	struct queue_room *r = *state;
	struct queue_crowd *c = open_crowd(r);

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct crowd_seat seat, last = { .at = 0 };

		seat = claim(c);
		assert_int_equal(
		    truncate(queue_files_path(r, "-hub"), sizes[i]), 0);
		assert_true(table_now(r, &c)->n >= SIDECAR_CROWD_SLOTS);
		assert_true(table(c)->n <= SIDECAR_CROWD_SLOTS_MAX);
		assert_int_equal(crowd_table_has(table(c), &seat),
		    sizes[i] >= SIZE_OF(seat.at + 1));
		/* The last slot has space on the disk. */
		last.at = table(c)->n - 1;
		assert_false(crowd_table_has(table(c), &last));
		assert_true(file(r).st_blocks * 512 >= SIZE_OF(table(c)->n));
		crowd_table_leave(table(c), &seat);
	}
	sidecar_crowd_close(c);
}

static void
test_grow(void **state)
{
	struct queue_room *r = *state;
	struct queue_crowd *c = open_crowd(r), *other = open_crowd(r);
	const struct crowd_keys k = keys(c);
	struct crowd_seat seat;
	struct problem p = { "" };
	enum err e;

	for (size_t i = 0; i < SIDECAR_CROWD_SLOTS; i++)
		claim(i % 2 == 0 ? c : other);
	assert_int_equal(
	    crowd_table_take(table(c), &k, clock_real_ms(), &seat), ERR_FULL);
	assert_int_equal(sidecar_crowd_grow(c, &p), ERR_OK);
	assert_int_equal(table(other)->n, 2 * SIDECAR_CROWD_SLOTS);
	claim(other);
	assert_true(is_full(c, SIDECAR_CROWD_SLOTS + 1));
	assert_false(is_full(c, SIDECAR_CROWD_SLOTS + 2));
	while ((e = sidecar_crowd_grow(c, &p)) == ERR_OK)
		continue;
	assert_int_equal(e, ERR_FULL);
	assert_non_null(strstr(p.text, "no room for more streams"));
	assert_int_equal(table(c)->n, SIDECAR_CROWD_SLOTS_MAX);
	sidecar_crowd_close(c);
	sidecar_crowd_close(other);
}

/* There is space for some streams: those stay, and the others are refused. */
static int
grow_without_space(const struct queue_room *r)
{
	const struct rlimit some = { (rlim_t)SIZE_OF(SIDECAR_CROWD_SLOTS) + 1,
		RLIM_INFINITY };
	struct queue_crowd *c = open_crowd(r);
	struct crowd_seat seat = claim(c);
	struct problem p = { "" };

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &some) == -1 ||
	    sidecar_crowd_grow(c, &p) != ERR_FULL ||
	    strstr(p.text, "free space") == NULL ||
	    table(c)->n != SIDECAR_CROWD_SLOTS ||
	    !crowd_table_has(table(c), &seat))
		return 1;
	return 0;
}

static int
open_without_space(const struct queue_room *r)
{
	const struct rlimit none = { 100, RLIM_INFINITY };
	struct queue_crowd *c = NULL;
	struct sidecar *s = NULL;
	struct problem p = { "" };

	signal(SIGXFSZ, SIG_IGN);
	if (sidecar_open(&s, queue_files_db(r), NULL) != ERR_OK ||
	    setrlimit(RLIMIT_FSIZE, &none) == -1 ||
	    sidecar_crowd_open(&c, queue_files_db(r), &p) != ERR_FULL ||
	    strstr(p.text, "free space") == NULL)
		return 1;
	return 0;
}

static void
test_no_space(void **state)
{
	int (*const runs[])(const struct queue_room *) = { open_without_space,
		grow_without_space };

	for (size_t i = 0; i < COUNT(runs); i++) {
		pid_t pid = fork();

		assert_int_not_equal(pid, -1);
		if (pid == 0)
			_exit(runs[i](*state));
		assert_int_equal(queue_room_wait(pid), 0);
	}
}

static void
test_moved(void **state)
{
	struct queue_room *r = *state;
	struct queue_crowd *c = open_crowd(r), *fresh;
	struct crowd_table *t = NULL;
	const struct crowd_keys before = keys(c);
	struct problem p = { "" };

	claim(c);
	assert_int_equal(unlink(queue_files_path(r, "-hub")), 0);
	assert_int_equal(sidecar_crowd_table(c, &t, &p), ERR_MOVED);
	assert_null(t);
	fresh = open_crowd(r);
	assert_int_equal(sidecar_crowd_table(c, &t, &p), ERR_MOVED);
	assert_false(is_full(fresh, 1));
	/* The same token has another number in another file. */
	assert_true(keys(fresh).token != before.token);
	sidecar_crowd_close(c);
	sidecar_crowd_close(fresh);
}

/* A process with `n` streams, which then only waits. */
static pid_t
start(const struct queue_room *r, int n)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct queue_crowd *crowd = open_crowd(r);

		while (n-- > 0)
			claim(crowd);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void
test_processes(void **state)
{
	struct queue_room *r = *state;
	struct queue_crowd *c = open_crowd(r);
	const pid_t lives = start(r, 3), dies = start(r, 4),
		    stops = start(r, 5);
	siginfo_t info;
	int status;

	assert_true(is_full(c, 12));
	assert_false(is_full(c, 13));

	/* A stopped process keeps its streams; a dead one, even before its
	 * parent has waited for it, does not. */
	kill(stops, SIGSTOP);
	assert_int_equal(waitpid(stops, &status, WUNTRACED), stops);
	assert_true(is_full(c, 12));
	kill(dies, SIGKILL);
	assert_int_equal(
	    waitid(P_PID, (id_t)dies, &info, WEXITED | WNOWAIT), 0);
	assert_true(is_full(c, 8));
	assert_false(is_full(c, 9));

	kill(stops, SIGKILL);
	assert_int_equal(queue_room_wait(stops), 1000 + SIGKILL);
	assert_int_equal(queue_room_wait(dies), 1000 + SIGKILL);
	crowd_table_sweep(table(c));
	assert_true(is_full(c, 3));
	kill(lives, SIGKILL);
	assert_int_equal(queue_room_wait(lives), 1000 + SIGKILL);
	assert_false(is_full(c, 1));
	sidecar_crowd_close(c);
}

/* Processes claim and free slots at the same time, until they are killed in the
 * middle of it: none of their slots is left. */
static pid_t
start_busy(const struct queue_room *r)
{
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct queue_crowd *c = open_crowd(r);

		for (;;) {
			struct crowd_seat seats[5];

			for (size_t i = 0; i < COUNT(seats); i++)
				seats[i] = claim(c);
			for (size_t i = 0; i < COUNT(seats); i++)
				crowd_table_leave(table(c), &seats[i]);
		}
	}
	return pid;
}

static void
test_killed_while_busy(void **state)
{
	struct queue_room *r = *state;
	struct queue_crowd *c = open_crowd(r);
	uint64_t ticket = 0;

	for (int round = 0; round < 10; round++) {
		pid_t pids[4];

		for (size_t i = 0; i < COUNT(pids); i++)
			pids[i] = start_busy(r);
		/* The processes have begun. */
		while (atomic_load(&table(c)->head->ticket) < ticket + 100)
			assert_false(is_full(c, 21));
		for (size_t i = 0; i < COUNT(pids); i++)
			kill(pids[i], SIGKILL);
		for (size_t i = 0; i < COUNT(pids); i++)
			assert_int_equal(
			    queue_room_wait(pids[i]), 1000 + SIGKILL);
		assert_false(is_full(c, 1));
		ticket = atomic_load(&table(c)->head->ticket);
	}
	sidecar_crowd_close(c);
}

static void
test_memory(void **state)
{
	struct queue_room *r = *state;
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct queue_crowd *c = NULL;
		enum err e;

		mem_fail_at(n);
		e = sidecar_crowd_open(&c, queue_files_db(r), NULL);
		failed = mem_failed();
		mem_fail_at(0);
		if (e != ERR_OK) {
			assert_int_equal(e, ERR_NOMEM);
			assert_null(c);
		}
		sidecar_crowd_close(c);
	}
	sidecar_crowd_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_first_part),
		QUEUE_ROOM_TEST(test_newer),
		QUEUE_ROOM_TEST(test_cut),
		QUEUE_ROOM_TEST(test_grow),
		QUEUE_ROOM_TEST(test_no_space),
		QUEUE_ROOM_TEST(test_moved),
		QUEUE_ROOM_TEST(test_processes),
		QUEUE_ROOM_TEST(test_killed_while_busy),
		QUEUE_ROOM_TEST(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
