/* SPDX-License-Identifier: MIT */
/* test_stream.c - the way out: whole records, no waiting, a clean end. */
#include "unit/unit.h"

#include <signal.h>
#include <stdlib.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "unit/fcgi_bytes.h"
#include "unit/mem_fail.h"
#include "wire/stream.h"

#define GOT_MAX ((size_t)4 << 20)

enum { OURS, PEER };

/* A stream over a socket pair, and what its feeder and its peer saw. */
struct scene {
	struct stream_host host;
	struct stream *s;
	int fds[2];
	struct buf got;
	int writable, gone, closed;
	struct loop_timer stop;
};

static struct scene *
scene_of(struct stream_host *h)
{
	return (
	    struct scene *)(void *)((char *)h - offsetof(struct scene, host));
}

static void
on_closed(struct stream_host *h)
{
	scene_of(h)->closed++;
}

static void
on_writable(void *feeder)
{
	((struct scene *)feeder)->writable++;
}

static void
on_gone(void *feeder)
{
	((struct scene *)feeder)->gone++;
}

static const struct stream_events events = { .writable = on_writable,
	.gone = on_gone };

static void
on_stop(struct loop_timer *t)
{
	struct scene *sc =
	    (struct scene *)(void *)((char *)t - offsetof(struct scene, stop));

	loop_stop(sc->host.loop);
}

/* Let the loop do all that is to be done now. */
static void
run_once(struct scene *sc)
{
	assert_int_equal(
	    loop_timer_set(sc->host.loop, &sc->stop, clock_mono_ms()), ERR_OK);
	loop_run(sc->host.loop);
}

static void
scene_open(struct scene *sc, enum framing framing, uint16_t id)
{
	const int room = 4096;

	*sc =
	    (struct scene){ .host = { .framing = framing, .closed = on_closed },
		    .stop.fire = on_stop };
	assert_int_equal(loop_new(&sc->host.loop), ERR_OK);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sc->fds), 0);
	setsockopt(sc->fds[OURS], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	buf_init(&sc->got, GOT_MAX);
	assert_int_equal(
	    stream_new(&sc->s, &sc->host, sc->fds[OURS], id, false), ERR_OK);
	stream_feed(sc->s, &events, sc);
}

/* The stream is closed by now. */
static void
scene_close(struct scene *sc)
{
	assert_int_equal(sc->closed, 1);
	assert_int_equal(fcntl(sc->fds[OURS], F_GETFD), -1);
	close(sc->fds[PEER]);
	buf_free(&sc->got);
	loop_free(sc->host.loop);
}

/* Read what the peer can read now; false at the end. */
static bool
peer_reads(struct scene *sc)
{
	char bytes[8192];
	ssize_t n;

	while ((n = recv(sc->fds[PEER], bytes, sizeof(bytes), 0)) > 0)
		buf_add(&sc->got, bytes, (size_t)n);
	return n < 0;
}

/* Until the end, with the loop's help. */
static void
peer_reads_all(struct scene *sc)
{
	while (peer_reads(sc))
		run_once(sc);
}

static void
push_text(struct scene *sc, const char *text)
{
	struct frame *f = frame_new(sc->host.framing, slice_of(text));

	assert_non_null(f);
	stream_push(sc->s, f);
	frame_unref(f);
}

static void
push_size(struct scene *sc, size_t size)
{
	char *bytes = mem_calloc(1, size);
	struct frame *f;

	memset(bytes, 'x', size);
	f = frame_new(sc->host.framing, (struct slice){ bytes, size });
	assert_non_null(f);
	stream_push(sc->s, f);
	frame_unref(f);
	mem_free(bytes);
}

static void
expect_answer(struct scene *sc, uint16_t id, const char *text)
{
	struct bytes_response r;

	bytes_decode(&r, buf_view(&sc->got));
	assert_null(r.flaw);
	assert_true(r.ended);
	assert_int_equal(r.id, id);
	assert_true(slice_is(buf_view(&r.out), text));
	buf_free(&r.out);
}

static void
answers_and_ends(void **state)
{
	static const uint16_t ids[] = { 1, 2, 255, 256, 65535 };

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct scene sc;

		scene_open(&sc, FRAMING_FCGI, ids[i]);
		push_text(&sc, "one ");
		push_text(&sc, "two");
		push_text(&sc, "");
		assert_true(stream_flush(sc.s));
		stream_end(sc.s);
		assert_false(peer_reads(&sc));
		expect_answer(&sc, ids[i], "one two");
		/* It lingers until the peer has closed as well. */
		run_once(&sc);
		assert_int_equal(sc.closed, 0);
		shutdown(sc.fds[PEER], SHUT_WR);
		run_once(&sc);
		assert_int_equal(sc.gone + sc.writable, 0);
		scene_close(&sc);
	}
}

static void
lingers_no_longer_than_it_must(void **state)
{
	struct scene sc;
	int64_t begin = clock_mono_ms();

	(void)state;
	scene_open(&sc, FRAMING_FCGI, 1);
	push_text(&sc, "one");
	stream_end(sc.s);
	while (sc.closed == 0) {
		run_once(&sc);
		usleep(1000);
	}
	assert_true(clock_mono_ms() - begin < 10000);
	peer_reads_all(&sc);
	expect_answer(&sc, 1, "one");
	assert_int_equal(sc.gone, 0);
	scene_close(&sc);
}

/* More than the socket takes: the feeder hears when it is all out. */
static void
waits_for_a_blocked_peer(void **state)
{
	struct scene sc;
	size_t n = 0;

	(void)state;
	scene_open(&sc, FRAMING_FCGI, 3);
	while (stream_flush(sc.s))
		push_size(&sc, 1000 + n++ * 13 % 1000);
	while (stream_has_room(sc.s))
		push_size(&sc, 1000);
	run_once(&sc);
	assert_int_equal(sc.writable, 0);
	while (sc.writable == 0) {
		assert_true(peer_reads(&sc));
		run_once(&sc);
	}
	assert_int_equal(sc.writable, 1);
	assert_true(stream_has_room(sc.s));
	assert_true(stream_flush(sc.s));
	stream_end(sc.s);
	assert_false(peer_reads(&sc));
	shutdown(sc.fds[PEER], SHUT_WR);
	run_once(&sc);
	scene_close(&sc);
}

/* Once flush said false, `writable` comes, even if a later flush got it all
 * out: the feeder may have nothing else to go on. */
static void
calls_as_it_promised(void **state)
{
	struct scene sc;

	(void)state;
	scene_open(&sc, FRAMING_FCGI, 1);
	while (stream_flush(sc.s))
		push_size(&sc, 1000);
	while (stream_has_room(sc.s))
		push_size(&sc, 1000);
	while (!stream_has_room(sc.s)) {
		assert_true(peer_reads(&sc));
		stream_flush(sc.s);
	}
	for (int i = 0; i < 100 && sc.writable == 0; i++) {
		peer_reads(&sc);
		run_once(&sc);
	}
	assert_int_equal(sc.writable, 1);
	stream_cut(sc.s);
	scene_close(&sc);
}

static void
ends_behind_what_is_queued(void **state)
{
	struct scene sc;
	struct bytes_response r;

	(void)state;
	scene_open(&sc, FRAMING_FCGI, 9);
	/* One frame larger than a record, many times what the socket takes. */
	push_size(&sc, 200000);
	assert_false(stream_has_room(sc.s));
	assert_false(stream_flush(sc.s));
	stream_end(sc.s);
	peer_reads_all(&sc);
	bytes_decode(&r, buf_view(&sc.got));
	assert_null(r.flaw);
	assert_true(r.ended);
	assert_int_equal(r.id, 9);
	assert_int_equal(r.out.len, 200000);
	buf_free(&r.out);
	shutdown(sc.fds[PEER], SHUT_WR);
	run_once(&sc);
	assert_int_equal(sc.writable + sc.gone, 0);
	scene_close(&sc);
}

static void
holds_so_many_frames(void **state)
{
	struct scene sc;
	int n;

	(void)state;
	scene_open(&sc, FRAMING_FCGI, 2);
	for (n = 0; stream_has_room(sc.s); n++)
		push_text(&sc, "x");
	assert_int_equal(n, STREAM_FRAMES_MAX);
	/* A last position may exceed it, and the end. */
	push_text(&sc, "y");
	stream_end(sc.s);
	shutdown(sc.fds[PEER], SHUT_WR);
	peer_reads_all(&sc);
	expect_answer(&sc, 2,
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "y");
	run_once(&sc);
	scene_close(&sc);
}

static void
reports_that_the_peer_left(void **state)
{
	struct scene sc;

	(void)state;
	scene_open(&sc, FRAMING_FCGI, 1);
	push_text(&sc, "one");
	assert_true(stream_flush(sc.s));
	close(sc.fds[PEER]);
	sc.fds[PEER] = -1;
	run_once(&sc);
	assert_int_equal(sc.gone, 1);
	scene_close(&sc);
}

/* A peer that closes its side does not want an open stream any more. */
static void
half_closed_stream_is_left(void **state)
{
	struct scene sc;

	(void)state;
	scene_open(&sc, FRAMING_FCGI, 1);
	shutdown(sc.fds[PEER], SHUT_WR);
	run_once(&sc);
	assert_int_equal(sc.gone, 1);
	scene_close(&sc);
}

/* A peer that closed its way to us before the answer still reads it. */
static void
half_closed_peer_gets_its_answer(void **state)
{
	struct scene sc;
	struct bytes_response r;

	(void)state;
	scene_open(&sc, FRAMING_FCGI, 1);
	shutdown(sc.fds[PEER], SHUT_WR);
	push_size(&sc, 100000);
	stream_end(sc.s);
	peer_reads_all(&sc);
	bytes_decode(&r, buf_view(&sc.got));
	assert_null(r.flaw);
	assert_true(r.ended);
	assert_int_equal(r.out.len, 100000);
	buf_free(&r.out);
	run_once(&sc);
	assert_int_equal(sc.gone, 0);
	scene_close(&sc);
}

static void
obeys_an_abort(void **state)
{
	static const uint16_t aborted[] = { 7, 8 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scene sc;
		struct buf b;

		scene_open(&sc, FRAMING_FCGI, 7);
		buf_init(&b, 1000);
		/* Records that mod_proxy_fcgi sends late, then an abort. */
		bytes_record(&b, BYTES_STDIN, 7, slice_of(""), 0);
		bytes_record(&b, BYTES_ABORT, aborted[i], slice_of(""), 0);
		for (size_t k = 0; k < b.len && sc.gone == 0; k++) {
			assert_int_equal(write(sc.fds[PEER], b.base + k, 1), 1);
			run_once(&sc);
			assert_true(sc.gone == 0 || k >= b.len - 8);
		}
		/* Another request's abort is not ours. */
		assert_int_equal(sc.gone, aborted[i] == 7);
		if (sc.gone == 0)
			stream_cut(sc.s);
		buf_free(&b);
		scene_close(&sc);
	}
}

/* Writing fails while the feeder uses it: the loop reports it. */
static void
fails_later(void **state)
{
	struct scene sc;

	(void)state;
	scene_open(&sc, FRAMING_FCGI, 1);
	close(sc.fds[PEER]);
	sc.fds[PEER] = -1;
	push_text(&sc, "one");
	assert_false(stream_flush(sc.s));
	assert_int_equal(sc.gone, 0);
	push_text(&sc, "two");
	run_once(&sc);
	assert_int_equal(sc.gone, 1);
	scene_close(&sc);
}

static void
raw_needs_no_records(void **state)
{
	struct scene sc;

	(void)state;
	scene_open(&sc, FRAMING_RAW, FRAME_ID);
	push_text(&sc, "Status: 200 OK\r\n\r\n");
	stream_end(sc.s);
	assert_false(peer_reads(&sc));
	assert_true(slice_is(buf_view(&sc.got), "Status: 200 OK\r\n\r\n"));
	shutdown(sc.fds[PEER], SHUT_WR);
	run_once(&sc);
	scene_close(&sc);
}

/* mod_cgid closes its side of the one socket behind the body, and reads on. */
static void
raw_outlives_half_a_close(void **state)
{
	struct scene sc;

	(void)state;
	scene_open(&sc, FRAMING_RAW, FRAME_ID);
	shutdown(sc.fds[PEER], SHUT_WR);
	run_once(&sc);
	assert_int_equal(sc.gone, 0);
	push_text(&sc, "one");
	assert_true(stream_flush(sc.s));
	close(sc.fds[PEER]);
	sc.fds[PEER] = -1;
	run_once(&sc);
	assert_int_equal(sc.gone, 1);
	scene_close(&sc);
}

/* A plain CGI's output may be a file, which epoll cannot watch. */
static void
raw_writes_to_a_file(void **state)
{
	FILE *file = tmpfile();
	char text[16] = "";
	struct scene sc;

	(void)state;
	assert_non_null(file);
	scene_open(&sc, FRAMING_RAW, FRAME_ID);
	stream_cut(sc.s);
	sc.closed = 0;
	sc.fds[OURS] = dup(fileno(file));
	assert_int_equal(
	    stream_new(&sc.s, &sc.host, sc.fds[OURS], FRAME_ID, false), ERR_OK);
	push_text(&sc, "one");
	stream_end(sc.s);
	assert_int_equal(pread(fileno(file), text, sizeof(text), 0), 3);
	assert_string_equal(text, "one");
	scene_close(&sc);
	fclose(file);
}

static void
without_memory(void **state)
{
	struct scene sc;
	struct stream *other = NULL;
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		scene_open(&sc, FRAMING_FCGI, 5);
		mem_fail_at(1);
		assert_int_equal(
		    stream_new(&other, &sc.host, sc.fds[PEER], 1, false),
		    ERR_NOMEM);
		assert_null(other);
		mem_fail_at(0);
		for (int i = 0; i < 3; i++) {
			struct frame *f =
			    frame_new(FRAMING_FCGI, slice_of("x"));

			if (i == 0)
				mem_fail_at(n);
			stream_push(sc.s, f);
			frame_unref(f);
			mem_fail_at(0);
		}
		failed = !stream_flush(sc.s);
		run_once(&sc);
		assert_int_equal(sc.gone, failed);
		if (!failed)
			stream_cut(sc.s);
		scene_close(&sc);
	}
}

static void
ends_without_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct scene sc;

		scene_open(&sc, FRAMING_FCGI, 5);
		push_text(&sc, "x");
		mem_fail_at(n);
		stream_end(sc.s);
		failed = mem_failed();
		mem_fail_at(0);
		shutdown(sc.fds[PEER], SHUT_WR);
		run_once(&sc);
		assert_int_equal(sc.gone, 0);
		scene_close(&sc);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_and_ends),
		cmocka_unit_test(lingers_no_longer_than_it_must),
		cmocka_unit_test(waits_for_a_blocked_peer),
		cmocka_unit_test(calls_as_it_promised),
		cmocka_unit_test(ends_behind_what_is_queued),
		cmocka_unit_test(holds_so_many_frames),
		cmocka_unit_test(reports_that_the_peer_left),
		cmocka_unit_test(half_closed_stream_is_left),
		cmocka_unit_test(half_closed_peer_gets_its_answer),
		cmocka_unit_test(obeys_an_abort),
		cmocka_unit_test(fails_later),
		cmocka_unit_test(raw_needs_no_records),
		cmocka_unit_test(raw_outlives_half_a_close),
		cmocka_unit_test(raw_writes_to_a_file),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(ends_without_memory),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
