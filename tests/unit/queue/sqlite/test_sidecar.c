/* SPDX-License-Identifier: MIT */
/* test_sidecar.c - the lock, the notifications, and the file of both. */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "queue/sqlite/sidecar.h"
#include "unit/mem_fail.h"
#include "unit/queue_files.h"

static struct sidecar *
open_at(const char *path)
{
	struct sidecar *s = NULL;
	struct problem p = { "" };

	if (sidecar_open(&s, path, &p) != ERR_OK)
		fail_msg("%s", p.text);
	return s;
}

static void
write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static void
test_file(void **state)
{
	static const char zeros[4096], newer[4096] = "pushcgi\0\2\0\0\0",
				       junk[4096] = "something else",
				       cut[16] = "pushcgi\0\1\0\0\0\0\20";
	static const struct {
		const char *name;
		const char *bytes;
		size_t len;
		enum err want;
	} cases[] = {
		{ "absent", NULL, 0, ERR_OK },
		{ "empty", "", 0, ERR_OK },
		{ "space but no header yet", zeros, 4096, ERR_OK },
		{ "short and without a header", zeros, 100, ERR_OK },
		{ "cut behind the header", cut, 16, ERR_OK },
		{ "another program's", junk, 4096, ERR_IO },
		{ "another program's, short", junk, 9, ERR_IO },
		{ "newer", newer, 4096, ERR_NEWER },
	};
	struct queue_room *r = *state;
	const char *path = queue_files_path(r, "-hub");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sidecar *s = NULL;
		struct problem p = { "" };
		struct stat st;
		enum err e;

		unlink(path);
		if (cases[i].bytes != NULL)
			write_file(path, cases[i].bytes, cases[i].len);
		e = sidecar_open(&s, queue_files_db(r), &p);
		if (e != cases[i].want)
			fail_msg("%s: %s", cases[i].name, err_text(e));
		if (e == ERR_OK) {
			assert_int_equal(stat(path, &st), 0);
			if (st.st_size != 4096 || (st.st_mode & 0777) != 0660)
				fail_msg("%s: size or mode", cases[i].name);
		} else if (strstr(p.text, path) == NULL) {
			fail_msg("%s: \"%s\"", cases[i].name, p.text);
		}
		sidecar_close(s);
	}
}

static void
test_no_directory(void **state)
{
	struct queue_room *r = *state;
	struct sidecar *s = NULL;
	struct problem p = { "" };
	char path[256];

	snprintf(path, sizeof(path), "%s/none/queue.db", r->dir);
	assert_int_equal(sidecar_open(&s, path, &p), ERR_IO);
	assert_null(s);
	assert_non_null(strstr(p.text, "install -d"));
}

/* Two names of one database, also of one that does not exist yet. */
static void
test_links(void **state)
{
	struct queue_room *r = *state;
	char first[192], second[192], loop[192];
	struct sidecar *a, *b, *none = NULL;
	struct problem p;
	pid_t holder = 0;

	snprintf(first, sizeof(first), "%s/first.db", r->dir);
	snprintf(second, sizeof(second), "%s/second.db", r->dir);
	snprintf(loop, sizeof(loop), "%s/loop.db", r->dir);
	assert_int_equal(symlink("second.db", first), 0);
	assert_int_equal(symlink(queue_files_db(r), second), 0);
	assert_int_equal(symlink("loop.db", loop), 0);

	a = open_at(first);
	b = open_at(queue_files_db(r));
	assert_string_equal(sidecar_db_path(a), sidecar_db_path(b));
	assert_int_equal(sidecar_lock(a, 0, &holder), ERR_OK);
	assert_int_equal(sidecar_lock(b, 0, &holder), ERR_BUSY);
	sidecar_unlock(a);
	sidecar_close(a);
	sidecar_close(b);
	assert_int_equal(sidecar_open(&none, loop, &p), ERR_IO);
	assert_null(none);
}

static void
test_lock(void **state)
{
	struct queue_room *r = *state;
	struct sidecar *a = open_at(queue_files_db(r)),
		       *b = open_at(queue_files_db(r));
	pid_t holder = 0;
	int64_t before;

	assert_int_equal(sidecar_lock(a, 100, &holder), ERR_OK);
	before = clock_mono_ms();
	assert_int_equal(sidecar_lock(b, 30, &holder), ERR_BUSY);
	assert_true(clock_mono_ms() - before >= 29);
	assert_int_equal(holder, getpid());
	sidecar_unlock(a);
	assert_int_equal(sidecar_lock(b, 0, &holder), ERR_OK);
	assert_int_equal(sidecar_lock(a, 0, &holder), ERR_BUSY);
	sidecar_unlock(b);
	sidecar_close(a);
	sidecar_close(b);
}

/* Fork a child that takes the lock and then is stopped or dies, as
 * requested. */
static pid_t
hold_in_child(const struct queue_room *r)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct sidecar *s = open_at(queue_files_db(r));

		if (sidecar_lock(s, 0, &pid) != ERR_OK ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void
test_killed_holder(void **state)
{
	struct queue_room *r = *state;
	struct sidecar *s = open_at(queue_files_db(r));
	pid_t child = hold_in_child(r), killer, holder = 0;

	assert_int_equal(sidecar_lock(s, 0, &holder), ERR_BUSY);
	assert_int_equal(holder, child);
	/* The holder is killed while another process waits: no notification
	 * comes, the next attempt notices it. */
	killer = fork();
	assert_int_not_equal(killer, -1);
	if (killer == 0) {
		usleep(20000);
		_exit(kill(child, SIGKILL) == 0 ? 0 : 1);
	}
	assert_int_equal(sidecar_lock(s, 20000, &holder), ERR_OK);
	assert_int_equal(queue_room_wait(killer), 0);
	assert_int_equal(queue_room_wait(child), 1000 + SIGKILL);
	sidecar_unlock(s);
	sidecar_close(s);
}

static void
test_stopped_holder(void **state)
{
	struct queue_room *r = *state;
	struct sidecar *s = open_at(queue_files_db(r));
	pid_t child = hold_in_child(r), holder = 0;
	int status;

	kill(child, SIGSTOP);
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_int_equal(sidecar_lock(s, 50, &holder), ERR_BUSY);
	assert_int_equal(holder, child);
	kill(child, SIGKILL);
	assert_int_equal(queue_room_wait(child), 1000 + SIGKILL);
	assert_int_equal(sidecar_lock(s, 20000, &holder), ERR_OK);
	sidecar_unlock(s);
	sidecar_close(s);
}

/* A process with the old file would hold "the" lock together with another
 * one. */
static void
test_replaced(void **state)
{
	struct queue_room *r = *state;
	struct sidecar *a = open_at(queue_files_db(r)), *b;
	pid_t holder = 0;

	assert_false(sidecar_moved(a));
	assert_int_equal(unlink(queue_files_path(r, "-hub")), 0);
	assert_true(sidecar_moved(a));
	assert_int_equal(sidecar_lock(a, 0, &holder), ERR_MOVED);
	b = open_at(queue_files_db(r));
	assert_true(sidecar_moved(a));
	assert_int_equal(sidecar_lock(b, 0, &holder), ERR_OK);
	assert_int_equal(sidecar_lock(a, 0, &holder), ERR_MOVED);
	sidecar_unlock(b);
	sidecar_close(a);
	sidecar_close(b);
}

static void
test_bell(void **state)
{
	struct queue_room *r = *state;
	struct sidecar *a = open_at(queue_files_db(r)),
		       *b = open_at(queue_files_db(r));
	uint32_t seen = sidecar_word(a);
	_Atomic uint32_t own = 7;
	pid_t child;

	/* Notified before the wait: it returns at once. */
	sidecar_wake(b);
	assert_int_not_equal(sidecar_word(a), seen);
	sidecar_wait(a, seen, &own, 7, 600000);

	seen = sidecar_word(a);
	sidecar_poke(&own);
	sidecar_wait(a, seen, &own, 7, 600000);
	sidecar_wait(NULL, 0, &own, 7, 600000);
	sidecar_wait(a, seen, &own, 8, 1);

	/* Another process notifies until the waiter returns. */
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		for (;;) {
			sidecar_wake(b);
			usleep(1000);
		}
	}
	for (int i = 0; i < 20; i++) {
		seen = sidecar_word(a);
		sidecar_wait(a, seen, &own, 8, 600000);
		assert_int_not_equal(sidecar_word(a), seen);
	}
	kill(child, SIGKILL);
	queue_room_wait(child);
	sidecar_close(a);
	sidecar_close(b);
}

/* As on a kernel before 5.16: futex_waitv(2) does not exist. */
static int
forget_waitv(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex_waitv, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, rules };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1
		   ? -1
		   : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int
wait_without_waitv(const struct queue_room *r)
{
	struct sidecar *s = open_at(queue_files_db(r));
	_Atomic uint32_t own = 0;
	uint32_t seen = sidecar_word(s);

	if (forget_waitv() == -1)
		return 1;
	sidecar_wait(s, seen, &own, 0, 1);
	sidecar_poke(&own);
	sidecar_wait(s, seen, &own, 0, 600000);
	sidecar_wait(NULL, 0, &own, 0, 600000);
	/* The parent notifies until this process ends. */
	sidecar_wait(s, seen, &own, 1, 600000);
	return sidecar_word(s) != seen ? 0 : 2;
}

static void
test_older_kernel(void **state)
{
	struct queue_room *r = *state;
	struct sidecar *s = open_at(queue_files_db(r));
	int status = -1;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(wait_without_waitv(r));
	while (waitpid(pid, &status, WNOHANG) == 0) {
		sidecar_wake(s);
		usleep(1000);
	}
	assert_int_equal(status, 0);
	sidecar_close(s);
}

static void
test_memory(void **state)
{
	struct queue_room *r = *state;
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct sidecar *s = NULL;
		struct problem p;
		enum err e;

		mem_fail_at(n);
		e = sidecar_open(&s, queue_files_db(r), &p);
		failed = mem_failed();
		mem_fail_at(0);
		if (e != ERR_OK) {
			assert_int_equal(e, ERR_NOMEM);
			assert_null(s);
		}
		sidecar_close(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_file),
		QUEUE_ROOM_TEST(test_no_directory),
		QUEUE_ROOM_TEST(test_links),
		QUEUE_ROOM_TEST(test_lock),
		QUEUE_ROOM_TEST(test_killed_holder),
		QUEUE_ROOM_TEST(test_stopped_holder),
		QUEUE_ROOM_TEST(test_replaced),
		QUEUE_ROOM_TEST(test_bell),
		QUEUE_ROOM_TEST(test_older_kernel),
		QUEUE_ROOM_TEST(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
