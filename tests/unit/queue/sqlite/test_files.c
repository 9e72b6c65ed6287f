/* SPDX-License-Identifier: MIT */
/* test_files.c - the lock, the access rights and the disk space of the
 * files. */
#include "unit/unit.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "queue/sqlite/sidecar.h"
#include "unit/queue_files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
stop_with_the_lock(const struct queue_room *r, int unused)
{
	struct sidecar *s = NULL;
	struct problem p;
	pid_t holder;

	(void)unused;
	if (sidecar_open(&s, queue_files_db(r), &p) != ERR_OK ||
	    sidecar_lock(s, 20000, &holder) != ERR_OK)
		return 1;
	raise(SIGSTOP);
	return 1;
}

/* The publisher gets an answer in time; processes that read or start
 * continue. */
static void
test_stopped_holder(void **state)
{
	struct queue_room *r = *state;
	struct queue *w = queue_room_open(r, QUEUE_WRITE), *late;
	const struct update u = { .topics = slice_of("t"),
		.id = slice_of("b") };
	const struct update *list = &u;
	struct problem p;
	char pid_text[32];
	int64_t before;
	int status;
	pid_t pid;

	assert_int_equal(queue_room_put(w, "a"), ERR_OK);
	queue_close(w);
	r->settings.lock_timeout_ms = 100;
	w = queue_room_open(r, QUEUE_WRITE);
	pid = queue_room_start(r, stop_with_the_lock, 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));

	before = clock_mono_ms();
	assert_int_equal(queue_append(w, &list, 1, &p), ERR_BUSY);
	assert_true(clock_mono_ms() - before < 10000);
	snprintf(pid_text, sizeof(pid_text), "process %ld ", (long)pid);
	assert_non_null(strstr(p.text, pid_text));
	late = queue_room_open(r, QUEUE_READ);
	assert_string_equal(queue_room_ids(late), "a ");

	kill(pid, SIGKILL);
	assert_int_equal(queue_room_wait(pid), 1000 + SIGKILL);
	assert_int_equal(queue_room_put(w, "b"), ERR_OK);
	assert_string_equal(queue_room_ids(late), "a b ");
	queue_close(w);
	queue_close(late);
}

static int
append_with_umask(const struct queue_room *r, int mask)
{
	umask((mode_t)mask);
	return queue_room_put_one(r, 1);
}

/* SQLite alone would give them the mode 0644, and the group could not write. */
static void
test_files_are_for_the_group(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-hub" };
	static const int masks[] = { 0, 022, 027, 077 };
	struct queue_room *r = *state;
	struct stat dir, st;

	if (geteuid() == 0)
		assert_int_equal(chown(r->dir, (uid_t)-1, 12345), 0);
	assert_int_equal(chmod(r->dir, 02770), 0);
	assert_int_equal(stat(r->dir, &dir), 0);
	for (size_t m = 0; m < COUNT(masks); m++) {
		assert_int_equal(queue_room_wait(queue_room_start(
				     r, append_with_umask, masks[m])),
		    ERR_OK);
		for (size_t i = 0; i < COUNT(suffixes); i++) {
			const char *path = queue_files_path(r, suffixes[i]);

			assert_int_equal(stat(path, &st), 0);
			if ((st.st_mode & 0777) != 0660 ||
			    st.st_gid != dir.st_gid)
				fail_msg("umask %o: %s has mode %o", masks[m],
				    path, st.st_mode & 0777);
			assert_int_equal(unlink(path), 0);
		}
	}
}

/* As a user who is neither root nor in the group. */
static int
open_as_stranger(const struct queue_room *r, int mode)
{
	struct queue *q = NULL;
	struct problem p = { "" };
	enum err e;

	if (geteuid() == 0 && (setgid(54321) == -1 || setuid(54321) == -1))
		return 100;
	e = queue_open(&q, &r->settings, (enum queue_mode)mode, &p);
	if (e != ERR_OK && strstr(p.text, "user 54321 may not ") == NULL)
		return 101;
	queue_close(q);
	return (int)e;
}

static void
test_no_permission(void **state)
{
	static const struct {
		const char *name;
		mode_t dir, db, side;
	} cases[] = {
		{ "directory, no database", 0555, 0, 0 },
		{ "directory and files", 0555, 0444, 0444 },
		{ "database", 0777, 0444, 0666 },
		{ "sidecar", 0777, 0666, 0444 },
		{ "nothing at all", 0, 0600, 0600 },
	};
	struct queue_room *r = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		if (cases[i].db != 0) {
			assert_int_equal(queue_room_put_one(r, 1), ERR_OK);
			chmod(queue_files_path(r, "-wal"), cases[i].db);
			chmod(queue_files_path(r, "-shm"), cases[i].db);
			chmod(queue_files_path(r, "-hub"), cases[i].side);
			chmod(queue_files_db(r), cases[i].db);
		}
		chmod(r->dir, cases[i].dir);
		for (int mode = QUEUE_READ; mode <= QUEUE_WRITE; mode++) {
			int got = queue_room_wait(
			    queue_room_start(r, open_as_stranger, mode));

			if (got != ERR_READONLY)
				fail_msg("%s: %d", cases[i].name, got);
		}
		chmod(r->dir, 02770);
		/* A sidecar may have been created. */
		unlink(queue_files_path(r, "-hub"));
		if (cases[i].db != 0)
			unlink(queue_files_db(r));
	}
}

/* On a full disk no file is mapped, and no process dies. */
static int
open_without_space(const struct queue_room *r, int bytes)
{
	struct rlimit limit = { (rlim_t)bytes, (rlim_t)bytes };
	struct queue *q = NULL;
	struct problem p;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) == -1)
		return 100;
	return (int)queue_open(&q, &r->settings, QUEUE_WRITE, &p);
}

static void
test_no_space(void **state)
{
	static const int sizes[] = { 0, 100, 4096, 8192, 20000 };
	struct queue_room *r = *state;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		int got = queue_room_wait(
		    queue_room_start(r, open_without_space, sizes[i]));

		if (got != ERR_FULL)
			fail_msg(
			    "%d bytes: %s", sizes[i], err_text((enum err)got));
	}
	assert_int_equal(queue_room_put_one(r, 1), ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_stopped_holder),
		QUEUE_ROOM_TEST(test_files_are_for_the_group),
		QUEUE_ROOM_TEST(test_no_permission),
		QUEUE_ROOM_TEST(test_no_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
