/* SPDX-License-Identifier: MIT */
/* test_listener.c - where to listen, what not to replace, whom to trust. */
#include "unit/unit.h"

#include <stdlib.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/listener.h"

static char dir[64], path[96], listen_on[112];

static int
make_room(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/pushcgi-listener-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(listen_on, sizeof(listen_on), "unix:%s", path);
	return 0;
}

static int
clear_room(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static enum err
open_at(int *out, const char *where, struct problem *p)
{
	const struct listener_settings s = { .listen = where };

	return listener_open(out, &s, p);
}

static void
takes_a_free_or_stale_path(void **state)
{
	struct problem p = { "" };
	struct stat st;
	int fd = -1, second = -1;

	(void)state;
	for (int i = 0; i < 2; i++) {
		if (open_at(&fd, listen_on, &p) != ERR_OK)
			fail_msg("%s", p.text);
		assert_int_equal(stat(path, &st), 0);
		assert_true(S_ISSOCK(st.st_mode));
		assert_int_equal(st.st_mode & 0777, 0660);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_int_equal(open_at(&second, listen_on, &p), ERR_BUSY);
		assert_int_equal(second, -1);
		/* What is left of it is in nobody's way. */
		close(fd);
	}
}

static void
replaces_no_file(void **state)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600), out = -1;
	struct problem p = { "" };

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(open_at(&out, listen_on, &p), ERR_DENIED);
	assert_non_null(strstr(p.text, path));
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(out, -1);
}

static const struct {
	const char *listen;
	enum err want;
} bad[] = {
	{ "somewhere", ERR_SYNTAX },
	{ "tcp:", ERR_SYNTAX },
	{ "tcp:127.0.0.1", ERR_SYNTAX },
	{ "tcp:127.0.0.1:", ERR_SYNTAX },
	{ "tcp:127.0.0.1:65536", ERR_SYNTAX },
	{ "tcp:127.0.0.1:1x", ERR_SYNTAX },
	{ "tcp:localhost:1", ERR_SYNTAX },
	{ "tcp:0.0.0.0:0", ERR_DENIED },
	{ "unix:/nowhere/at/all", ERR_IO },
};

static void
refuses_bad_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct problem p = { "" };
		int out = -1;

		if (open_at(&out, bad[i].listen, &p) != bad[i].want)
			fail_msg("%s: %s", bad[i].listen, p.text);
		assert_true(p.text[0] != '\0' && out == -1);
	}
}

/* [a path below the room, what the sentence holds] */
static void
says_how_to_make_the_folder(void **state)
{
	struct problem p = { "" };
	char where[160];
	int out = -1;

	(void)state;
	snprintf(where, sizeof(where), "unix:%s/none/s", dir);
	assert_int_equal(open_at(&out, where, &p), ERR_IO);
	assert_non_null(strstr(p.text, "does not exist: install -d -o "));
	snprintf(where, sizeof(where), "%s/none", dir);
	assert_string_equal(strrchr(p.text, ' ') + 1, where);
	assert_int_equal(out, -1);
}

/* A connection to `fd`'s port on 127.0.0.1, as its listener sees it. */
static int
accept_one(int fd, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = port };
	int peer = socket(AF_INET, SOCK_STREAM, 0), got;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(
	    connect(peer, (struct sockaddr *)(void *)&to, sizeof(to)), 0);
	got = accept(fd, NULL, NULL);
	assert_true(got >= 0);
	close(peer);
	return got;
}

static const struct {
	const char *addrs;
	bool want;
} trusted[] = {
	{ NULL, true },
	{ "127.0.0.1", true },
	{ "10.0.0.1, 127.0.0.1", true },
	{ "10.0.0.1", false },
	{ "127.0.0.10,127.0.0", false },
	{ "", false },
};

static void
expect_trust(int fd, uint16_t port)
{
	for (size_t i = 0; i < sizeof(trusted) / sizeof(trusted[0]); i++) {
		int got = accept_one(fd, port);

		if (trusted[i].addrs != NULL)
			setenv("FCGI_WEB_SERVER_ADDRS", trusted[i].addrs, 1);
		if (listener_trusts(got) != trusted[i].want)
			fail_msg("row %zu", i);
		unsetenv("FCGI_WEB_SERVER_ADDRS");
		close(got);
	}
}

static void
trusts_named_peers(void **state)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int fd = -1, pair[2];

	(void)state;
	assert_int_equal(open_at(&fd, "tcp:127.0.0.1:0", NULL), ERR_OK);
	getsockname(fd, (struct sockaddr *)(void *)&sin, &len);
	expect_trust(fd, sin.sin_port);
	close(fd);

	/* A socket for both families, where the machine has IPv6. */
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	len = sizeof(any);
	if (fd >= 0 && bind(fd, (struct sockaddr *)(void *)&any, len) == 0 &&
	    listen(fd, 8) == 0) {
		getsockname(fd, (struct sockaddr *)(void *)&any, &len);
		expect_trust(fd, any.sin6_port);
	}
	close(fd);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	setenv("FCGI_WEB_SERVER_ADDRS", "10.0.0.1", 1);
	assert_true(listener_trusts(pair[0]));
	unsetenv("FCGI_WEB_SERVER_ADDRS");
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    takes_a_free_or_stale_path, make_room, clear_room),
		cmocka_unit_test_setup_teardown(
		    replaces_no_file, make_room, clear_room),
		cmocka_unit_test(refuses_bad_places),
		cmocka_unit_test_setup_teardown(
		    says_how_to_make_the_folder, make_room, clear_room),
		cmocka_unit_test(trusts_named_peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
