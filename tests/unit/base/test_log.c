/* SPDX-License-Identifier: MIT */
/* test_log.c - what a log line looks like, and that it is one write. */
#include "unit/unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

/* Standard error as a datagram socket: each write(2) is one message. */
struct catcher {
	int reader, saved;
};

static int
catcher_open(void **state)
{
	static struct catcher c;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
		return -1;
	c.saved = dup(STDERR_FILENO);
	c.reader = pair[0];
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
	*state = &c;
	return 0;
}

static int
catcher_close(void **state)
{
	struct catcher *c = *state;

	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	close(c->reader);
	log_open("pushcgi", LOG_LEVEL_WARN);
	return 0;
}

/* The next line, "" if none was written. */
static const char *
caught(void **state, char text[2048])
{
	struct catcher *c = *state;
	ssize_t n = recv(c->reader, text, 2047, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
test_before_log_open(void **state)
{
	char text[2048];

	log_info("not seen");
	assert_string_equal(caught(state, text), "");
	log_warn("seen", LOG_UINT("n", 1));
	assert_string_equal(caught(state, text), "pushcgi: warn: seen n=1\n");
}

static void
test_levels(void **state)
{
	static const char *const lines[] = { "hub: err: x\n", "hub: warn: x\n",
		"hub: info: x\n", "hub: debug: x\n" };
	char text[2048];

	for (int least = LOG_LEVEL_ERR; least <= LOG_LEVEL_DEBUG; least++) {
		log_open("hub", (enum log_level)least);
		for (int i = LOG_LEVEL_ERR; i <= LOG_LEVEL_DEBUG; i++) {
			log_event((enum log_level)i, "x", &LOG_END);
			assert_string_equal(
			    caught(state, text), i <= least ? lines[i] : "");
		}
	}
}

static void
test_macros_have_their_levels(void **state)
{
	char text[2048];

	log_open("hub", LOG_LEVEL_DEBUG);
	log_err("x");
	assert_string_equal(caught(state, text), "hub: err: x\n");
	log_warn("x");
	assert_string_equal(caught(state, text), "hub: warn: x\n");
	log_info("x");
	assert_string_equal(caught(state, text), "hub: info: x\n");
	log_debug("x");
	assert_string_equal(caught(state, text), "hub: debug: x\n");
}

static void
test_pairs_can_be_told_apart(void **state)
{
	static const struct {
		const char *name, *in, *want;
	} rows[] = {
		{ "plain", "history", "history" },
		{ "a blank", "a b", "\"a b\"" },
		{ "empty", "", "\"\"" },
		{ "absent", NULL, "\"\"" },
		{ "an equals sign", "a=b", "a=b" },
		{ "quotes cannot end a value", "a\" to=\"b",
		    "\"a\\\" to=\\\"b\"" },
		{ "a quote alone", "\"", "\"\\\"\"" },
		{ "a line break cannot fake a line", "a\r\nhub: err: b",
		    "\"a\\x0d\\x0ahub: err: b\"" },
		{ "terminal escape", "\033[2J", "\\x1b[2J" },
		{ "delete", "\177", "\\x7f" },
		{ "backslash differs from an escape", "\\x0a", "\\x5cx0a" },
		{ "C1 control and other bytes", "\302\233\377",
		    "\\xc2\\x9b\\xff" },
	};
	char text[2048], want[2048];

	log_open("hub", LOG_LEVEL_INFO);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(want, sizeof(want),
		    "hub: info: some event key=%s n=18446744073709551615\n",
		    rows[i].want);
		log_info("some event", LOG_TEXT("key", rows[i].in),
		    LOG_UINT("n", UINT64_MAX));
		if (strcmp(caught(state, text), want) != 0)
			fail_msg("%s: %s", rows[i].name, text);
	}
}

static void
test_slices_are_values(void **state)
{
	char text[2048];

	log_open("hub", LOG_LEVEL_INFO);
	log_info("x", LOG_SLICE("key", ((struct slice){ "abc", 2 })));
	assert_string_equal(caught(state, text), "hub: info: x key=ab\n");
}

static void
test_long_lines_are_cut(void **state)
{
	static const struct {
		const char *name;
		char fill;
		size_t len;
		const char *end;
	} rows[] = {
		{ "fits", 'a', 900, "aaa n=1\n" },
		{ "leaves no room for another", 'a', 950, "aaa...\n" },
		{ "too long", 'a', 1020, "aaa...\n" },
		{ "much too long", 'a', 5000, "aaa...\n" },
		{ "too long with quotes", ' ', 1020, " ...\"\n" },
		{ "escapes make it too long", '\n', 300, "\\x0a...\n" },
		{ "escapes that fit", '\n', 200, "\\x0a n=1\n" },
		{ "quotes make it too long", '"', 600, "\\\"...\"\n" },
	};
	char in[8192], text[2048];

	log_open("hub", LOG_LEVEL_INFO);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const size_t want = strlen(rows[i].end);
		size_t len;

		memset(in, rows[i].fill, rows[i].len);
		in[rows[i].len] = '\0';
		log_info("event", LOG_TEXT("key", in), LOG_UINT("n", 1));
		len = strlen(caught(state, text));
		if (len > 1024 || len < want ||
		    strcmp(text + len - want, rows[i].end) != 0)
			fail_msg("%s: %zu %s", rows[i].name, len, text);
		/* One line, one write. */
		if (strcmp(caught(state, text), "") != 0)
			fail_msg("%s: a second write", rows[i].name);
	}
}

static void
test_errno_survives(void **state)
{
	char text[2048];

	errno = ENOENT;
	log_err("x", LOG_TEXT("reason", strerror(errno)));
	assert_int_equal(errno, ENOENT);
	assert_string_equal(caught(state, text),
	    "pushcgi: err: x reason=\"No such file or directory\"\n");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, catcher_open, catcher_close)
	const struct CMUnitTest tests[] = {
		TEST(test_before_log_open),
		TEST(test_levels),
		TEST(test_macros_have_their_levels),
		TEST(test_pairs_can_be_told_apart),
		TEST(test_slices_are_values),
		TEST(test_long_lines_are_cut),
		TEST(test_errno_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
