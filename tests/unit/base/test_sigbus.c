/* SPDX-License-Identifier: MIT */
/* test_sigbus.c - which SIGBUS a process survives, and which ends it. */
#include "unit/unit.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <signal.h>

#include "base/sigbus.h"

#define PAGES 3
#define PAGE 4096

/* The middle of a file that has lost its pages behind the first one. */
static volatile unsigned char *
map_cut(int how)
{
	char path[] = "/tmp/test_sigbus.XXXXXX";
	const int fd = mkstemp(path);
	unsigned char *map;

	if (fd < 0 || unlink(path) == -1 ||
	    ftruncate(fd, (off_t)PAGES * PAGE) == -1)
		abort();
	map = mmap(
	    NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, how, fd, 0);
	if (map == MAP_FAILED || ftruncate(fd, 1) == -1)
		abort();
	return map;
}

/* Each ends with 0 if the process survives. */
static int
cut_shared(void)
{
	volatile unsigned char *map = map_cut(MAP_SHARED);

	if (map[PAGE] != 0 || sigbus_count() != 1)
		return 1;
	map[PAGE + 1] = 7;
	if (map[PAGE + 1] != 7 || sigbus_count() != 1)
		return 1;
	return map[2 * PAGE] != 0 || sigbus_count() != 2;
}

static int
cut_private(void)
{
	return map_cut(MAP_PRIVATE)[PAGE];
}

static int
raised(void)
{
	return raise(SIGBUS);
}

static int
sent(void)
{
	return kill(getpid(), SIGBUS);
}

static int
status_of(int (*act)(void))
{
	int status = 0;
	const pid_t pid = fork();

	if (pid == 0) {
		sigbus_guard();
		_exit(act());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
test_survives_what_others_cut(void **state)
{
	(void)state;
	assert_int_equal(status_of(cut_shared), 0);
}

static void
test_ends_at_any_other(void **state)
{
	int (*const acts[])(void) = { cut_private, raised, sent };

	(void)state;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		const int status = status_of(acts[i]);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGBUS)
			fail_msg("case %zu: status %d", i, status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_survives_what_others_cut),
		cmocka_unit_test(test_ends_at_any_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
