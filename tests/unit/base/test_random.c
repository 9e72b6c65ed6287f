/* SPDX-License-Identifier: MIT */
/* test_random.c - random bytes are all set, and never twice the same. */
#include "unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"

/* This takes the place of the C library's: the kernel as a test wants it. */
static struct {
	int interrupted; /* calls that a signal still interrupts */
	bool forbidden;
	unsigned char next;
} kernel;

ssize_t
getrandom(void *out, size_t n, unsigned flags)
{
	(void)flags;
	if (kernel.forbidden || kernel.interrupted-- > 0) {
		errno = kernel.forbidden ? ENOSYS : EINTR;
		return -1;
	}
	memset(out, ++kernel.next, n);
	return (ssize_t)n;
}

static void
fills_all_bytes(void **state)
{
	unsigned char bytes[258] = { 0 };

	(void)state;
	kernel.next = 6;
	random_bytes(bytes + 1, 256);
	assert_int_equal(bytes[0], 0);
	assert_int_equal(bytes[1], 7);
	assert_int_equal(bytes[256], 7);
	assert_int_equal(bytes[257], 0);
}

static void
asks_again_after_a_signal(void **state)
{
	unsigned char byte = 0;

	(void)state;
	kernel.interrupted = 3;
	kernel.next = 0;
	random_bytes(&byte, 1);
	assert_int_equal(byte, 1);
}

static void
stays_below_its_bound(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 100; n++)
		assert_true(random_below(n) < n);
}

static void
ends_the_process_that_may_not_ask(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		kernel.forbidden = true;
		random_uint64();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_all_bytes),
		cmocka_unit_test(asks_again_after_a_signal),
		cmocka_unit_test(stays_below_its_bound),
		cmocka_unit_test(ends_the_process_that_may_not_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
