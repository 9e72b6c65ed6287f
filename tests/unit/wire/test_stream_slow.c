/* SPDX-License-Identifier: MIT */
/* test_stream_slow.c - streams end though their peer reads slowly. */
#include "unit/unit.h"

#include <signal.h>

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/container.h"
#include "unit/fcgi_bytes.h"
#include "wire/stream.h"

#define ID 9
#define SIZE 200000 /* many times what the socket takes */

enum { OURS, PEER };

/* An answer that has ended, on its way. */
struct scene {
	struct stream_host host;
	int fds[2];
	struct buf got;
	int closed;
	struct loop_timer stop;
};

/* A test sets the time: these take the place of clock.c. */
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

static void
on_closed(struct stream_host *h)
{
	CONTAINER(struct scene, host, h)->closed++;
}

static void
on_stop(struct loop_timer *t)
{
	loop_stop(CONTAINER(struct scene, stop, t)->host.loop);
}

/* Let the loop do all that is to be done after so long. */
static void
pass(struct scene *sc, int64_t ms)
{
	now_ms += ms;
	assert_int_equal(
	    loop_timer_set(sc->host.loop, &sc->stop, now_ms), ERR_OK);
	loop_run(sc->host.loop);
}

static void
scene_open(struct scene *sc)
{
	static char bytes[SIZE];
	const int room = 4096;
	struct stream *s = NULL;
	struct frame *f;

	*sc = (struct scene){ .host = { .framing = FRAMING_FCGI,
				  .closed = on_closed },
		.stop.fire = on_stop };
	assert_int_equal(loop_new(&sc->host.loop), ERR_OK);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sc->fds), 0);
	setsockopt(sc->fds[OURS], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	buf_init(&sc->got, 2 * SIZE);
	assert_int_equal(
	    stream_new(&s, &sc->host, sc->fds[OURS], ID, false), ERR_OK);
	f = frame_new(FRAMING_FCGI, (struct slice){ bytes, SIZE });
	assert_non_null(f);
	stream_push(s, f);
	frame_unref(f);
	stream_end(s);
}

/* The stream is there still for 1 ms, and no longer. */
static void
scene_close(struct scene *sc)
{
	assert_int_equal(sc->closed, 0);
	pass(sc, 1);
	assert_int_equal(sc->closed, 1);
	close(sc->fds[PEER]);
	buf_free(&sc->got);
	loop_free(sc->host.loop);
}

/* Read up to `max` bytes; false at the end. */
static bool
peer_reads(struct scene *sc, size_t max)
{
	char bytes[65536];
	ssize_t n = recv(sc->fds[PEER], bytes, max, 0);

	if (n > 0)
		buf_add(&sc->got, bytes, (size_t)n);
	return n > 0;
}

static void
expect_all(const struct scene *sc)
{
	struct bytes_response r;

	bytes_decode(&r, buf_view(&sc->got));
	assert_null(r.flaw);
	assert_true(r.ended);
	assert_int_equal(r.id, ID);
	assert_int_equal(r.out.len, SIZE);
	buf_free(&r.out);
}

/* 4096 is less than what makes the loop hear of room in the socket. */
static const size_t pieces[] = { 4096, 8192, 65536 };

static void
gets_it_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct scene sc;

		scene_open(&sc);
		while (peer_reads(&sc, pieces[i]))
			/* Once all is written there is no more than a second:
			 * not long before the end. */
			pass(&sc, sc.got.len < SIZE - 65536 ? 10000 : 0);
		expect_all(&sc);
		pass(&sc, 999);
		scene_close(&sc);
	}
}

static void
is_left_when_it_stops(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct scene sc;

		scene_open(&sc);
		for (int k = 0; k < i; k++) {
			pass(&sc, 9999);
			while (peer_reads(&sc, 4096))
				;
			pass(&sc, 0);
		}
		pass(&sc, 9999);
		scene_close(&sc);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gets_it_whole),
		cmocka_unit_test(is_left_when_it_stops),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
