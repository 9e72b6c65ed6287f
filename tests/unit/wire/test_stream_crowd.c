/* SPDX-License-Identifier: MIT */
/* test_stream_crowd.c - slow readers share one bound of bytes. */
#include "unit/unit.h"

#include <signal.h>

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "unit/fcgi_bytes.h"
#include "wire/stream.h"

#define PEERS 4
#define LONG ((size_t)60000)
#define BUDGET ((size_t)150000)

/* A stream over a socket pair, and what its feeder heard. */
struct peer {
	struct stream *s;
	int fds[2];
	int gone, shed;
	uint64_t first;
	struct buf got;
	bool at_end;
};

static struct {
	struct stream_host host;
	struct loop_timer stop;
	struct peer peers[PEERS];
} world;

static void
on_writable(void *feeder)
{
	(void)feeder;
}

static void
on_gone(void *feeder)
{
	((struct peer *)feeder)->gone++;
}

/* As the fan-out does: a last word, and the end. */
static void
on_shed(void *feeder, uint64_t first)
{
	struct frame *f = frame_new(FRAMING_FCGI, slice_of("bye"));
	struct peer *p = feeder;

	assert_non_null(f);
	p->shed++;
	p->first = first;
	stream_push(p->s, f);
	frame_unref(f);
	stream_end(p->s);
}

static const struct stream_events events = { on_writable, on_gone, on_shed };

static void
on_stop(struct loop_timer *t)
{
	(void)t;
	loop_stop(world.host.loop);
}

/* Let the loop do all that is to be done now. */
static void
run_once(void)
{
	assert_int_equal(
	    loop_timer_set(world.host.loop, &world.stop, clock_mono_ms()),
	    ERR_OK);
	loop_run(world.host.loop);
}

static void
peer_open(struct peer *p)
{
	const int room = 4096;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fds), 0);
	setsockopt(p->fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	assert_int_equal(
	    stream_new(&p->s, &world.host, p->fds[0], FRAME_ID, false), ERR_OK);
	stream_feed(p->s, &events, p);
	buf_init(&p->got, (size_t)1 << 20);
}

static int
world_open(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.host.framing = FRAMING_FCGI;
	world.host.queued_max = BUDGET;
	world.stop.fire = on_stop;
	assert_int_equal(loop_new(&world.host.loop), ERR_OK);
	for (size_t i = 0; i < PEERS; i++)
		peer_open(&world.peers[i]);
	return 0;
}

static int
world_close(void **state)
{
	(void)state;
	stream_host_close(&world.host);
	assert_int_equal(world.host.queued, 0);
	assert_int_equal(world.host.open, 0);
	for (size_t i = 0; i < PEERS; i++) {
		close(world.peers[i].fds[1]);
		buf_free(&world.peers[i].got);
	}
	loop_free(world.host.loop);
	return 0;
}

static struct frame *
make(size_t size, uint64_t seq)
{
	char *bytes = mem_calloc(1, size);
	struct frame *f =
	    frame_new(FRAMING_FCGI, (struct slice){ bytes, size });

	assert_non_null(f);
	f->at = seq;
	mem_free(bytes);
	return f;
}

/* More than the socket takes: from now on it is blocked. */
static void
block(struct peer *p)
{
	struct frame *f = make(LONG, 1);

	stream_push(p->s, f);
	frame_unref(f);
	assert_false(stream_flush(p->s));
}

static void
peer_reads(struct peer *p)
{
	char bytes[8192];
	ssize_t n;

	while ((n = recv(p->fds[1], bytes, sizeof(bytes), 0)) > 0)
		buf_add(&p->got, bytes, (size_t)n);
	p->at_end = n == 0;
}

static void
shared_memory_counts_once(void **state)
{
	struct frame *f = make(LONG, 1);

	(void)state;
	for (size_t i = 0; i < PEERS; i++) {
		stream_push(world.peers[i].s, f);
		stream_push(world.peers[i].s, f);
		assert_false(stream_flush(world.peers[i].s));
	}
	assert_int_equal(world.host.queued, frame_size(f));
	frame_unref(f);
	run_once();
	for (size_t i = 0; i < PEERS; i++) {
		assert_int_equal(world.peers[i].gone, 0);
		assert_int_equal(world.host.queued > 0, 1);
		stream_cut(world.peers[i].s);
	}
	assert_int_equal(world.host.queued, 0);
}

/* The first has taken something meanwhile, so the second is the one. */
static void
longest_stalled_goes_first(void **state)
{
	struct peer *p = world.peers;

	(void)state;
	block(&p[0]);
	block(&p[1]);
	run_once();
	assert_int_equal(p[0].gone + p[1].gone, 0);
	peer_reads(&p[0]);
	stream_flush(p[0].s);
	block(&p[2]);
	/* Not while a feeder fills its queue. */
	assert_int_equal(p[1].gone, 0);
	run_once();
	assert_int_equal(p[1].gone, 1);
	assert_int_equal(p[0].gone + p[2].gone + p[3].gone, 0);
	assert_true(world.host.queued <= BUDGET);
	peer_reads(&p[1]);
	assert_true(p[1].at_end);
}

/* They have the same waiting, so that both must go for its memory. */
static void
goes_on_until_the_rest_fits(void **state)
{
	struct frame *f = make(2 * LONG, 1);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		stream_push(world.peers[i].s, f);
		assert_false(stream_flush(world.peers[i].s));
	}
	frame_unref(f);
	block(&world.peers[2]);
	block(&world.peers[3]);
	run_once();
	assert_int_equal(world.peers[0].gone, 1);
	assert_int_equal(world.peers[1].gone, 1);
	assert_int_equal(world.peers[2].gone + world.peers[3].gone, 0);
}

static void
one_is_always_allowed(void **state)
{
	struct peer *p = world.peers;
	struct frame *f = make(2 * BUDGET, 1);

	(void)state;
	stream_push(p->s, f);
	frame_unref(f);
	assert_false(stream_flush(p->s));
	run_once();
	assert_int_equal(p->gone, 0);
	while (world.host.queued > 0) {
		peer_reads(p);
		run_once();
	}
	peer_reads(p);
	assert_int_equal(p->got.err, ERR_OK);
	assert_true(p->got.len > 2 * BUDGET);
}

/* An answer has nobody who feeds it any more. */
static void
answers_count_as_well(void **state)
{
	struct peer *p = world.peers;
	struct frame *f = make(LONG, 1);

	(void)state;
	stream_push(p->s, f);
	frame_unref(f);
	stream_end(p->s);
	block(&p[1]);
	block(&p[2]);
	run_once();
	peer_reads(p);
	assert_true(p->at_end);
	assert_int_equal(p[0].gone + p[1].gone + p[2].gone, 0);
	assert_int_equal(world.host.open, PEERS - 1);
}

/* After a long answer the budget holds before the loop's next turn. */
static void
relief_at_once(void **state)
{
	struct peer *p = world.peers;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		block(&p[i]);
	assert_int_equal(p[0].gone, 0);
	stream_host_relieve(&world.host);
	assert_int_equal(p[0].gone, 1);
	assert_true(world.host.queued <= BUDGET);
	stream_host_relieve(&world.host);
	run_once();
	assert_int_equal(p[1].gone + p[2].gone, 0);
}

/* Small ones go out whole: what is queued behind them is dropped, and the
 * feeder gets the place from which on. */
static void
ends_at_the_edge_of_a_frame(void **state)
{
	struct peer *p = world.peers;
	struct bytes_response r;
	uint64_t n = 0;

	(void)state;
	while (stream_flush(p->s)) {
		struct frame *f = make(1000, ++n);

		stream_push(p->s, f);
		frame_unref(f);
	}
	for (int i = 0; i < 5; i++) {
		struct frame *f = make(1000, ++n);

		stream_push(p->s, f);
		frame_unref(f);
	}
	block(&p[1]);
	block(&p[2]);
	world.host.queued_max = LONG + 10000;
	stream_flush(p->s);
	run_once();
	assert_int_equal(p[1].gone, 1);
	assert_int_equal(p[0].shed, 1);
	assert_int_equal(p[2].gone, 0);
	while (!p->at_end) {
		peer_reads(p);
		run_once();
	}
	bytes_decode(&r, buf_view(&p->got));
	assert_null(r.flaw);
	assert_true(r.ended);
	assert_int_equal(r.out.len % 1000, 3);
	assert_int_equal(r.out.len / 1000, p->first - 1);
	assert_true(p->first < n);
	buf_free(&r.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    shared_memory_counts_once, world_open, world_close),
		cmocka_unit_test_setup_teardown(
		    longest_stalled_goes_first, world_open, world_close),
		cmocka_unit_test_setup_teardown(
		    goes_on_until_the_rest_fits, world_open, world_close),
		cmocka_unit_test_setup_teardown(
		    one_is_always_allowed, world_open, world_close),
		cmocka_unit_test_setup_teardown(
		    answers_count_as_well, world_open, world_close),
		cmocka_unit_test_setup_teardown(
		    relief_at_once, world_open, world_close),
		cmocka_unit_test_setup_teardown(
		    ends_at_the_edge_of_a_frame, world_open, world_close),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
