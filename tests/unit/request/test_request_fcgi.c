/* SPDX-License-Identifier: MIT */
/* test_request_fcgi.c - guards libfcgi's private fields. */
#include "unit/unit.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "request/request_fcgi.h"
#include "unit/fcgi_bytes.h"
#include "unit/mem_fail.h"

#define BODY_MAX 100000
#define REQUEST_MAX ((size_t)1 << 20)

enum { OURS, PEER };

static void
connect_pair(int fds[2])
{
	const int room = 1 << 20;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	setsockopt(fds[PEER], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

static void
send_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.base, bytes.len);

		assert_true(n > 0);
		bytes = slice_after(bytes, (size_t)n);
	}
}

/* The descriptor is open, and what we write reaches the peer. */
static void
expect_usable(const char *name, int fds[2])
{
	char c = 0;

	if (send(fds[OURS], "!", 1, MSG_NOSIGNAL) != 1 ||
	    recv(fds[PEER], &c, 1, MSG_DONTWAIT) != 1 || c != '!')
		fail_msg("%s: the descriptor cannot be written to", name);
}

static void
hang_up(int fds[2])
{
	close(fds[OURS]);
	close(fds[PEER]);
}

static const struct {
	const char *name, *body;
	uint16_t id;
	size_t body_max;
	bool too_long;
} requests[] = {
	{ "no body", "", 1, BODY_MAX, false },
	{ "a body", "topic=a", 1, BODY_MAX, false },
	{ "another id", "topic=a", 7, BODY_MAX, false },
	{ "a large id", "topic=a", 65535, BODY_MAX, false },
	{ "just fits", "topic=a", 1, 7, false },
	{ "too long", "topic=a", 1, 6, true },
	{ "none allowed", "topic=a", 1, 0, true },
};

static void
expect_request(size_t row, const struct request *rq)
{
	const char *want = requests[row].too_long ? "" : requests[row].body;

	assert_true(slice_is(rq->method, "POST"));
	assert_true(slice_is(rq->path, "/a"));
	assert_true(slice_is(rq->query, "b=c"));
	assert_int_equal(rq->id, requests[row].id);
	assert_int_equal(rq->body_too_long, requests[row].too_long);
	assert_false(rq->body_cut);
	if (!slice_is(rq->body, want))
		fail_msg("%s: body", requests[row].name);
}

static void
takes_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const char *name = requests[i].name;
		struct request *rq = NULL;
		struct buf b;
		int fds[2];

		connect_pair(fds);
		buf_init(&b, REQUEST_MAX);
		bytes_request(
		    &b, requests[i].id, "POST", "/a?b=c", requests[i].body);
		send_all(fds[PEER], buf_view(&b));
		if (request_fcgi_parse(&rq, fds[OURS], requests[i].body_max) !=
		    ERR_OK)
			fail_msg("%s", name);
		expect_request(i, rq);
		expect_usable(name, fds);
		request_free(rq);
		if (request_fcgi_parse_bytes(
			&rq, buf_view(&b), requests[i].body_max) != ERR_OK)
			fail_msg("%s: bytes", name);
		expect_request(i, rq);
		request_free(rq);
		buf_free(&b);
		hang_up(fds);
	}
}

/* What is behind a request is the next one's. */
static void
leaves_what_is_behind(void **state)
{
	struct request *rq = NULL;
	struct buf b;
	size_t len;
	char next[8];
	int fds[2];

	(void)state;
	connect_pair(fds);
	buf_init(&b, REQUEST_MAX);
	bytes_request(&b, 1, "POST", "/a?b=c", "topic=a");
	len = b.len;
	buf_text(&b, "next");
	send_all(fds[PEER], buf_view(&b));
	mem_fail_at(1);
	assert_int_equal(
	    request_fcgi_parse_exactly(&rq, fds[OURS], len, BODY_MAX),
	    ERR_NOMEM);
	mem_fail_at(0);
	assert_int_equal(
	    request_fcgi_parse_exactly(&rq, fds[OURS], len, BODY_MAX), ERR_OK);
	assert_true(slice_is(rq->body, "topic=a"));
	request_free(rq);
	assert_int_equal(
	    request_fcgi_parse_exactly(&rq, fds[OURS], len, BODY_MAX), ERR_IO);
	send_all(fds[PEER], slice_of("more"));
	assert_int_equal(read(fds[OURS], next, sizeof(next)), 4);
	assert_memory_equal(next, "more", 4);
	buf_free(&b);
	hang_up(fds);
}

/* A request of exactly `len` bytes up to the end of its parameters. */
static void
request_of_length(struct buf *b, size_t len, const char *body)
{
	static char filler[17000];
	struct buf pairs;
	size_t records = 16 + 8 + 8, fixed;

	buf_init(&pairs, 65535);
	bytes_pair(&pairs, "REQUEST_METHOD", slice_of("POST"));
	bytes_pair(&pairs, "REQUEST_URI", slice_of("/"));
	/* A length of four bytes, one of one, and the name "X". */
	fixed = records + pairs.len + 6;
	memset(filler, 'x', sizeof(filler));
	bytes_pair(&pairs, "X", (struct slice){ filler, len - fixed });
	bytes_begin(b, 1, 1);
	bytes_record(b, BYTES_PARAMS, 1, buf_view(&pairs), 0);
	bytes_record(b, BYTES_PARAMS, 1, slice_of(""), 0);
	assert_int_equal(b->len, len);
	if (*body != '\0')
		bytes_record(b, BYTES_STDIN, 1, slice_of(body), 0);
	bytes_record(b, BYTES_STDIN, 1, slice_of(""), 0);
	buf_free(&pairs);
}

static void
parse_length(size_t len, const char *body)
{
	struct request *rq = NULL;
	char name[64];
	struct buf b;
	int fds[2];

	snprintf(name, sizeof(name), "%zu bytes, body %zu", len, strlen(body));
	connect_pair(fds);
	buf_init(&b, REQUEST_MAX);
	request_of_length(&b, len, body);
	send_all(fds[PEER], buf_view(&b));
	if (request_fcgi_parse(&rq, fds[OURS], BODY_MAX) != ERR_OK)
		fail_msg("%s", name);
	if (!slice_is(rq->body, body) || rq->body_cut)
		fail_msg("%s: body", name);
	assert_int_equal(rq->id, 1);
	expect_usable(name, fds);
	/* Nothing of the request is left, and nothing behind it is lost. */
	send_all(fds[PEER], slice_of("?"));
	name[0] = '\0';
	assert_int_equal(read(fds[OURS], name, sizeof(name)), 1);
	assert_int_equal(name[0], '?');
	request_free(rq);
	buf_free(&b);
	hang_up(fds);
}

/* libfcgi reads 8,192 bytes at a time: the records' headers meet the edge. */
static void
reads_to_the_end_at_every_length(void **state)
{
	(void)state;
	for (size_t len = 8130; len <= 8210; len++) {
		parse_length(len, "");
		parse_length(len, "topic=a");
	}
	for (size_t len = 16330; len <= 16400; len++) {
		parse_length(len, "");
		parse_length(len, "topic=a");
	}
}

/* A body that is not there: nobody waits for it. */
static void
body_is_cut(void **state)
{
	const struct slice half = { "\1\5\0\1\0\144\0\0topic=", 14 };
	struct request *rq = NULL;
	struct buf b;
	int fds[2];

	(void)state;
	connect_pair(fds);
	buf_init(&b, REQUEST_MAX);
	bytes_begin(&b, 1, 1);
	bytes_params(&b, 1, "POST", "/");
	bytes_record(&b, BYTES_PARAMS, 1, slice_of(""), 0);
	buf_slice(&b, half);
	send_all(fds[PEER], buf_view(&b));
	fcntl(fds[OURS], F_SETFL, O_NONBLOCK);
	assert_int_equal(request_fcgi_parse(&rq, fds[OURS], BODY_MAX), ERR_OK);
	assert_true(rq->body_cut);
	expect_usable("a cut body", fds);
	request_free(rq);
	buf_free(&b);
	hang_up(fds);
}

static const struct {
	const char *name;
	struct slice bytes;
} broken[] = {
	{ "nothing", { "", 0 } },
	{ "half a begin", { "\1\1\0\1\0\10\0\0\0\1\0", 11 } },
	{ "no parameters", { "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0", 16 } },
	{ "empty parameters",
	    { "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\0\0\0", 24 } },
};

/* The caller answers with a 400, so he must be able to. */
static void
refuses_broken_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct request *rq = NULL;
		int fds[2];

		connect_pair(fds);
		send_all(fds[PEER], broken[i].bytes);
		shutdown(fds[PEER], SHUT_WR);
		if (request_fcgi_parse(&rq, fds[OURS], BODY_MAX) != ERR_SYNTAX)
			fail_msg("%s", broken[i].name);
		if (request_fcgi_parse_bytes(&rq, broken[i].bytes, BODY_MAX) !=
		    ERR_SYNTAX)
			fail_msg("%s: bytes", broken[i].name);
		assert_null(rq);
		expect_usable(broken[i].name, fds);
		hang_up(fds);
	}
}

static size_t
open_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
without_memory(void **state)
{
	size_t before = open_descriptors();
	bool failed = true;
	struct buf b;
	long n;

	(void)state;
	buf_init(&b, REQUEST_MAX);
	bytes_request(&b, 1, "POST", "/", "topic=a");
	for (n = 1; failed; n++) {
		struct request *rq = NULL;
		int fds[2];
		enum err e;

		connect_pair(fds);
		send_all(fds[PEER], buf_view(&b));
		mem_fail_at(n);
		e = request_fcgi_parse(&rq, fds[OURS], BODY_MAX);
		failed = mem_failed();
		/* The body is as good if its memory does not shrink. */
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		assert_int_equal(rq == NULL, e != ERR_OK);
		mem_fail_at(0);
		expect_usable("no memory", fds);
		request_free(rq);
		hang_up(fds);
	}
	assert_true(n > 3);
	assert_int_equal(open_descriptors(), before);
	buf_free(&b);
}

static int
init(void **state)
{
	(void)state;
	return request_fcgi_init() == ERR_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_requests),
		cmocka_unit_test(leaves_what_is_behind),
		cmocka_unit_test(reads_to_the_end_at_every_length),
		cmocka_unit_test(body_is_cut),
		cmocka_unit_test(refuses_broken_requests),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}
