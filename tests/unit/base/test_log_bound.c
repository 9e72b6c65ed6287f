/* SPDX-License-Identifier: MIT */
/* test_log_bound.c - a flooded or unread log stops nothing. */
#include "unit/unit.h"

#include <stdlib.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define FLOOD 5000

/* The time goes on when a test says so: these take the place of clock.c. */
static int64_t now_ms = 1000;

int64_t
clock_mono_ms(void)
{
	return now_ms;
}

int64_t
clock_real_ms(void)
{
	return now_ms;
}

/* Standard error goes to `writer` of these. */
static struct {
	int reader, saved, pending;
	char text[1 << 20];
	size_t len;
} world;

static void
on_pending(void *arg)
{
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
}

static void
redirect(int reader, int writer)
{
	world.reader = reader;
	world.saved = dup(STDERR_FILENO);
	world.pending = 0;
	world.len = 0;
	world.text[0] = '\0';
	dup2(writer, STDERR_FILENO);
	close(writer);
	log_open("hub", LOG_LEVEL_INFO);
}

static void
restore(void)
{
	log_unbound();
	dup2(world.saved, STDERR_FILENO);
	close(world.saved);
	close(world.reader);
	log_open("pushcgi", LOG_LEVEL_WARN);
}

static void
to_pipe(void)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	redirect(fds[0], fds[1]);
}

static void
to_socket(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	redirect(fds[0], fds[1]);
}

static void
to_file(void)
{
	char path[] = "/tmp/test_log_bound.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	redirect(open(path, O_RDONLY), fd);
	unlink(path);
}

static void
to_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	redirect(master, open(ptsname(master), O_RDWR | O_NOCTTY));
}

/* All that there is to read now. */
static void
read_all(void)
{
	struct pollfd p = { .fd = world.reader, .events = POLLIN };

	while (poll(&p, 1, 0) == 1) {
		ssize_t n = read(world.reader, world.text + world.len,
		    sizeof(world.text) - 1 - world.len);

		if (n <= 0)
			break;
		world.len += (size_t)n;
	}
	world.text[world.len] = '\0';
}

/* The numbers behind `key` in what was read, added. */
static unsigned long
sum(const char *key)
{
	unsigned long n = 0;

	for (const char *p = world.text; (p = strstr(p, key)) != NULL; p++)
		n += strtoul(p + strlen(key), NULL, 10);
	return n;
}

static unsigned long
count(const char *text)
{
	unsigned long n = 0;

	for (const char *p = world.text; (p = strstr(p, text)) != NULL; p++)
		n++;
	return n;
}

/* Every line called for was written, counted as a repetition, or dropped. */
static void
expect_all(unsigned long called)
{
	unsigned long plain =
	    count("\n") - count(" repeated=") - count("log lines dropped=");

	assert_int_equal(plain + sum(" repeated=") + sum("dropped="), called);
}

static void
counts_equal_lines(void **state)
{
	(void)state;
	to_socket();
	log_bound(on_pending, &world.pending);
	for (unsigned i = 0; i < LOG_BURST; i++)
		log_warn("token refused", LOG_UINT("reason", i));
	assert_int_equal(world.pending, 0);
	log_warn("token refused", LOG_TEXT("reason", "other\n place"));
	log_warn("token refused", LOG_UINT("reason", 98));
	for (unsigned i = 0; i < 20; i++)
		log_warn("origin refused", LOG_TEXT("origin", "a\nb"));
	assert_int_equal(world.pending, 1);
	read_all();
	assert_int_equal(sum("repeated="), 0);
	assert_false(log_flush());
	now_ms += 1000;
	assert_true(log_flush());
	read_all();
	assert_non_null(strstr(world.text,
	    "hub: warn: origin refused origin=a\\x0ab repeated=15\n"));
	expect_all(LOG_BURST + 2 + 20);
	/* A new second: log_flush() has to be called again. */
	for (unsigned i = 0; i <= LOG_BURST; i++)
		log_warn("token refused", LOG_UINT("reason", i));
	assert_int_equal(world.pending, 2);
	restore();
}

/* The next line may come before anybody flushes. */
static void
reports_with_the_next_line(void **state)
{
	(void)state;
	to_socket();
	log_bound(NULL, NULL);
	for (unsigned i = 0; i < 10; i++)
		log_warn("one", LOG_UINT("n", i));
	now_ms += 1000;
	log_warn("two");
	read_all();
	assert_non_null(
	    strstr(world.text, "one n=9 repeated=5\nhub: warn: two\n"));
	for (unsigned i = 0; i < 10; i++)
		log_warn("three", LOG_UINT("n", i));
	/* The rest is reported at the end. */
	log_unbound();
	read_all();
	assert_non_null(strstr(world.text, "three n=9 repeated=5\n"));
	expect_all(21);
	restore();
}

/* One line of each of MANY events. */
#define MANY 36
static void
many_events(unsigned k)
{
#define LINE(c) log_warn(c, LOG_UINT("n", k))
	LINE("a");
	LINE("b");
	LINE("c");
	LINE("d");
	LINE("e");
	LINE("f");
	LINE("g");
	LINE("h");
	LINE("i");
	LINE("j");
	LINE("k");
	LINE("l");
	LINE("m");
	LINE("n");
	LINE("o");
	LINE("p");
	LINE("q");
	LINE("r");
	LINE("s");
	LINE("t");
	LINE("u");
	LINE("v");
	LINE("w");
	LINE("x");
	LINE("y");
	LINE("z");
	LINE("A");
	LINE("B");
	LINE("C");
	LINE("D");
	LINE("E");
	LINE("F");
	LINE("G");
	LINE("H");
	LINE("I");
	LINE("J");
#undef LINE
}

static void
limits_all_lines(void **state)
{
	(void)state;
	to_socket();
	log_bound(on_pending, &world.pending);
	for (unsigned k = 0; k < 10; k++)
		many_events(k);
	read_all();
	assert_int_equal(count("\n"), LOG_SECOND);
	log_err("the disk is full");
	read_all();
	assert_int_equal(count("\n"), LOG_SECOND + 1);
	now_ms += 1000;
	assert_true(log_flush());
	read_all();
	assert_true(sum("dropped=") > 0);
	expect_all(10 * MANY + 1);
	restore();
}

static void
debugging_sees_all(void **state)
{
	(void)state;
	to_socket();
	log_open("hub", LOG_LEVEL_DEBUG);
	log_bound(on_pending, &world.pending);
	for (unsigned i = 0; i < 2 * LOG_SECOND; i++)
		log_debug("x", LOG_UINT("n", i));
	read_all();
	assert_int_equal(count("\n"), 2 * LOG_SECOND);
	assert_int_equal(world.pending, 0);
	restore();
}

/* Nobody reads: no call waits, and later the books are right. */
static void
flood_unread(void)
{
	log_open("hub", LOG_LEVEL_DEBUG);
	log_bound(on_pending, &world.pending);
	alarm(60);
	for (unsigned i = 0; i < FLOOD; i++)
		log_warn(
		    "a line of some length that is not read", LOG_UINT("n", i));
	alarm(0);
	assert_int_equal(world.pending, 1);
	now_ms += 1000;
	assert_false(log_flush());
	assert_false(log_flush());
}

static void
catch_up(void)
{
	do {
		read_all();
		now_ms += 1000;
	} while (!log_flush());
	read_all();
}

static void
never_waits(void **state)
{
	static void (*const kinds[])(void) = { to_pipe, to_socket };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		kinds[i]();
		flood_unread();
		catch_up();
		assert_true(sum("dropped=") > 0);
		expect_all(FLOOD);
		restore();
	}
}

/* Its flag is shared with whoever started us. */
static void
leaves_the_flags_alone(void **state)
{
	(void)state;
	to_pipe();
	log_bound(NULL, NULL);
	log_warn("one");
	assert_int_equal(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
	restore();
}

/* A pipe of somebody else cannot be opened again. */
static void
without_the_right_to_open(void **state)
{
	struct stat st;
	int status = 0;
	pid_t pid;

	(void)state;
	to_pipe();
	assert_int_equal(fchmod(STDERR_FILENO, 0), 0);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(2);
		if (open("/proc/self/fd/2", O_WRONLY) >= 0)
			_exit(3);
		log_open("hub", LOG_LEVEL_DEBUG);
		log_bound(NULL, NULL);
		for (unsigned i = 0; i < FLOOD; i++)
			log_warn("a line that is not read", LOG_UINT("n", i));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	read_all();
	assert_true(count("\n") > 100);
	restore();
}

/* ^S */
static void
a_stopped_terminal(void **state)
{
	(void)state;
	to_terminal();
	assert_int_equal(tcflow(STDERR_FILENO, TCOOFF), 0);
	flood_unread();
	assert_int_equal(tcflow(STDERR_FILENO, TCOON), 0);
	catch_up();
	assert_true(sum("dropped=") > 0);
	restore();
}

/* Lines stand behind each other, as with any other program's. */
static void
writes_to_a_file(void **state)
{
	(void)state;
	to_file();
	log_warn("zero");
	log_bound(NULL, NULL);
	log_warn("one");
	assert_int_equal(write(STDERR_FILENO, "two\n", 4), 4);
	log_warn("three");
	read_all();
	assert_string_equal(world.text, "hub: warn: zero\nhub: warn: one\n"
					"two\nhub: warn: three\n");
	restore();
}

static void *
flood_thread(void *arg)
{
	for (unsigned i = 0; i < FLOOD; i++)
		log_warn("thread", LOG_UINT("n", i),
		    LOG_UINT("of", *(unsigned *)arg));
	return NULL;
}

static void
any_thread(void **state)
{
	pthread_t threads[3];
	unsigned numbers[3];

	(void)state;
	to_pipe();
	log_bound(on_pending, &world.pending);
	for (unsigned i = 0; i < 3; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, flood_thread,
				     &numbers[i]),
		    0);
	}
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	catch_up();
	expect_all(3 * FLOOD);
	restore();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_equal_lines),
		cmocka_unit_test(reports_with_the_next_line),
		cmocka_unit_test(limits_all_lines),
		cmocka_unit_test(debugging_sees_all),
		cmocka_unit_test(never_waits),
		cmocka_unit_test(leaves_the_flags_alone),
		cmocka_unit_test(without_the_right_to_open),
		cmocka_unit_test(a_stopped_terminal),
		cmocka_unit_test(writes_to_a_file),
		cmocka_unit_test(any_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
