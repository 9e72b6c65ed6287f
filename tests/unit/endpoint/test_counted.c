/* SPDX-License-Identifier: MIT */
/* test_counted.c - clients that streams count for, and their limits. */
#include "unit/unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "endpoint/counted.h"

enum { SET, DEFAULT };

static const struct {
	const char *name, *address, *forwarded_for;
	uint64_t max[2];           /* its limit: of SET and of DEFAULT */
	const char *text, *log[2]; /* log NULL: nothing is logged */
} rows[] = {
	{ "outer", "192.0.2.1", NULL, { 9, 9 }, "192.0.2.1", { NULL, NULL } },
	{ "outer, IPv6", "2001:db8:1:2:3::4", NULL, { 9, 9 },
	    "2001:db8:1:2::/64", { NULL, NULL } },
	{ "outer, forged", "192.0.2.1", "1.2.3.4", { 9, 9 }, "192.0.2.1",
	    { NULL, NULL } },
	{ "loopback", "127.0.0.1", NULL, { 9, 0 }, "127.0.0.1",
	    { NULL, NULL } },
	{ "private", "10.0.0.1", NULL, { 9, 0 }, "10.0.0.1", { NULL, NULL } },
	{ "a proxy nobody listed", "10.0.0.1", "1.2.3.4", { 9, 0 }, "10.0.0.1",
	    { "not believed proxy=10.0.0.1", "MERCURE_TRUSTED_PROXIES" } },
	{ "a proxy", "203.0.113.1", NULL, { 9, 0 }, "203.0.113.1",
	    { NULL, NULL } },
	{ "a proxy's client", "203.0.113.1", "1.2.3.4", { 9, 9 }, "1.2.3.4",
	    { NULL, NULL } },
	{ "a proxy's private client", "203.0.113.1", "10.1.1.1", { 9, 0 },
	    "10.1.1.1", { NULL, NULL } },
	{ "a proxy's garbage", "203.0.113.1", "x", { 9, 9 }, "203.0.113.1",
	    { "not readable", "MERCURE_TRUSTED_PROXIES" } },
	{ "nobody", NULL, NULL, { 9, 0 }, "unknown",
	    { "count as one client's\" "
	      "limit=MERCURE_MAX_CONNECTIONS_PER_ADDRESS "
	      "variable=REMOTE_ADDR",
		"not limited\" limit=MERCURE_MAX_CONNECTIONS_PER_ADDRESS "
		"variable=REMOTE_ADDR" } },
	{ "a socket", "unix:", NULL, { 9, 0 }, "unknown",
	    { "REMOTE_ADDR", "REMOTE_ADDR" } },
};

struct catcher {
	int reader, saved;
};

static void
catch_log(struct catcher *c)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	c->saved = dup(STDERR_FILENO);
	c->reader = pair[0];
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
}

/* The first line of the log; "" if there is none. */
static void
release_log(struct catcher *c, char text[2048])
{
	ssize_t n = recv(c->reader, text, 2047, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	close(c->reader);
}

static struct settings *
settings(uint64_t max, bool is_given)
{
	static const char *const environ[] = {
		"MERCURE_TRUSTED_PROXIES=203.0.113.0/24", NULL
	};
	const struct config_sources sources = { .path = "/dev/null",
		.environ = (char *const *)(uintptr_t)environ };
	struct config *c = NULL;
	struct settings *s = NULL;

	assert_int_equal(config_load(&c, &sources, NULL), ERR_OK);
	c->per_address_max = max;
	c->per_address_given = is_given;
	assert_int_equal(settings_new(&s, c, NULL), ERR_OK);
	config_unref(c);
	return s;
}

static void
counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const size_t row = i / 2, how = i % 2;
		const char *log = rows[row].log[how];
		const struct request rq = {
			.address = slice_of(rows[row].address),
			.forwarded_for = slice_of(rows[row].forwarded_for),
		};
		struct settings *s = settings(9, how == SET);
		struct catcher catcher;
		struct counted c;
		char text[2048];

		catch_log(&catcher);
		counted_find(&c, &rq, s);
		release_log(&catcher, text);
		if (c.max != rows[row].max[how] ||
		    strcmp(c.text, rows[row].text) != 0)
			fail_msg("%s, %zu: %s", rows[row].name, how, c.text);
		if (log == NULL ? *text != '\0' : strstr(text, log) == NULL)
			fail_msg("%s, %zu: %s", rows[row].name, how, text);

		/* The second request is not logged. */
		catch_log(&catcher);
		counted_find(&c, &rq, s);
		release_log(&catcher, text);
		assert_string_equal(text, "");
		settings_unref(s);
	}
}

static void
knows_all_without_a_limit(void **state)
{
	const struct request rq = { .address = slice_of("192.0.2.1") };
	const struct request nobody = { .address = slice_of(NULL) };
	struct settings *s = settings(0, true);
	struct catcher catcher;
	struct counted c;
	char text[2048];

	(void)state;
	catch_log(&catcher);
	counted_find(&c, &rq, s);
	assert_int_equal(c.max, 0);
	assert_string_equal(c.text, "192.0.2.1");
	counted_find(&c, &nobody, s);
	release_log(&catcher, text);
	assert_int_equal(c.max, 0);
	assert_string_equal(text, "");
	settings_unref(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(knows_all_without_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
