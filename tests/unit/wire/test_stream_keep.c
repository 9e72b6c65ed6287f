/* SPDX-License-Identifier: MIT */
/* test_stream_keep.c - connections that their peer wants to use again. */
#include "unit/unit.h"

#include <signal.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit/fcgi_bytes.h"
#include "wire/stream.h"

#define GOT_MAX ((size_t)1 << 20)
#define LONG 200000

enum { OURS, PEER };

static struct {
	struct stream_host host;
	struct loop_timer stop;
	int fds[2];
	int kept; /* the descriptor that was given back; 0: none */
	struct buf got;
} scene;

static void
on_kept(struct stream_host *h, int fd)
{
	assert_ptr_equal(h, &scene.host);
	scene.kept = fd;
}

static void
on_stop(struct loop_timer *t)
{
	(void)t;
	loop_stop(scene.host.loop);
}

static void
run_once(void)
{
	assert_int_equal(
	    loop_timer_set(scene.host.loop, &scene.stop, clock_mono_ms()),
	    ERR_OK);
	loop_run(scene.host.loop);
}

static int
scene_open(void **state)
{
	const int room = 4096;

	(void)state;
	memset(&scene, 0, sizeof(scene));
	scene.host.kept = on_kept;
	scene.stop.fire = on_stop;
	buf_init(&scene.got, GOT_MAX);
	assert_int_equal(loop_new(&scene.host.loop), ERR_OK);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, scene.fds), 0);
	setsockopt(scene.fds[OURS], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return 0;
}

static int
scene_close(void **state)
{
	(void)state;
	assert_int_equal(scene.host.open, 0);
	close(scene.fds[PEER]);
	buf_free(&scene.got);
	loop_free(scene.host.loop);
	return 0;
}

/* Read what the peer can read now; false at the end. */
static bool
peer_reads(void)
{
	char bytes[8192];
	ssize_t n;

	while ((n = recv(scene.fds[PEER], bytes, sizeof(bytes), 0)) > 0)
		buf_add(&scene.got, bytes, (size_t)n);
	return n < 0;
}

/* An answer of `len` bytes to request `id`, on a connection to be kept. */
static void
answer(uint16_t id, size_t len)
{
	static char text[LONG];
	struct stream *s = NULL;
	struct frame *f;

	memset(text, 'x', sizeof(text));
	f = frame_new(FRAMING_FCGI, (struct slice){ text, len });
	assert_non_null(f);
	assert_int_equal(
	    stream_new(&s, &scene.host, scene.fds[OURS], id, false), ERR_OK);
	stream_keep(s);
	stream_push(s, f);
	frame_unref(f);
	stream_end(s);
}

static void
expect_answer(uint16_t id, size_t len)
{
	struct bytes_response r;

	bytes_decode(&r, buf_view(&scene.got));
	assert_null(r.flaw);
	assert_true(r.ended);
	assert_int_equal(r.id, id);
	assert_int_equal(r.out.len, len);
	buf_free(&r.out);
	buf_clear(&scene.got);
}

/* Open in both directions, and no longer watched by the loop. */
static void
serves_one_request_after_the_other(void **state)
{
	(void)state;
	for (uint16_t id = 1; id < 5; id++) {
		scene.kept = 0;
		answer(id, 3);
		assert_int_equal(scene.kept, scene.fds[OURS]);
		assert_int_equal(scene.host.open, 0);
		assert_true(peer_reads());
		expect_answer(id, 3);
		assert_int_equal(send(scene.fds[PEER], "x", 1, 0), 1);
		run_once();
		assert_int_equal(recv(scene.fds[OURS], &(char){ 0 }, 1, 0), 1);
	}
	close(scene.fds[OURS]);
}

static void
gives_it_back_behind_all_of_an_answer(void **state)
{
	(void)state;
	answer(1, LONG);
	assert_int_equal(scene.kept, 0);
	for (int i = 0; i < 1000 && scene.kept == 0; i++) {
		peer_reads();
		run_once();
	}
	assert_int_equal(scene.kept, scene.fds[OURS]);
	assert_true(peer_reads());
	expect_answer(1, LONG);
	close(scene.fds[OURS]);
}

static void
expect_closed(void)
{
	for (int i = 0; i < 1000 && peer_reads(); i++)
		run_once();
	run_once();
	assert_int_equal(scene.kept, 0);
	assert_int_equal(fcntl(scene.fds[OURS], F_GETFD), -1);
}

static void
closes_it_if_the_peer_has(void **state)
{
	(void)state;
	answer(1, LONG);
	shutdown(scene.fds[PEER], SHUT_WR);
	expect_closed();
	expect_answer(1, LONG);
}

/* What came cannot be told from the next request. */
static void
closes_it_if_the_peer_has_sent_something(void **state)
{
	(void)state;
	answer(1, LONG);
	assert_int_equal(send(scene.fds[PEER], "x", 1, 0), 1);
	for (int i = 0; i < 1000 && peer_reads(); i++)
		run_once();
	shutdown(scene.fds[PEER], SHUT_WR);
	expect_closed();
	expect_answer(1, LONG);
}

static void
closes_it_if_nobody_takes_it_back(void **state)
{
	(void)state;
	scene.host.kept = NULL;
	answer(1, 3);
	assert_false(peer_reads());
	shutdown(scene.fds[PEER], SHUT_WR);
	expect_closed();
	expect_answer(1, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_open, scene_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(serves_one_request_after_the_other),
		TEST(gives_it_back_behind_all_of_an_answer),
		TEST(closes_it_if_the_peer_has),
		TEST(closes_it_if_the_peer_has_sent_something),
		TEST(closes_it_if_nobody_takes_it_back),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
