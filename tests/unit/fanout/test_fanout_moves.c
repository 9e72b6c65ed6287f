/* SPDX-License-Identifier: MIT */
/* test_fanout_moves.c - what one subscriber gets, step by step, until it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fanout/fanout.h"
#include "queue/ops.h"

#define EPOCH 9
#define RETRY "retry: 500\n\n"
#define ROWS_MAX 2000
#define LONG_MS 3600000

/* Stands in for the database: row n - 1 is event n. */
struct row {
	const char *topic;
	bool private;
	size_t size; /* of its text */
};

static const struct queue_cursor_key key = { .epoch = EPOCH };

static struct {
	struct stream_host host;
	struct fanout *fanout;
	struct loop_timer stop;
	struct row rows[ROWS_MAX];
	uint64_t tail;
	bool asked;
	uint64_t question;
	int fd; /* the peer, and what it has read */
	char text[1 << 20];
	size_t len;
	bool ended;
} world;

void
tailer_ask(struct tailer *t, uint64_t after)
{
	(void)t;
	world.asked = true;
	world.question = after;
}

static struct frame *
event(uint64_t n)
{
	static char payload[65536];
	const struct row *r = &world.rows[n - 1];
	const struct update u = { .topics = slice_of(r->topic),
		.private = r->private };
	int len = snprintf(
	    payload, sizeof(payload), "<%d>%*s", (int)n, (int)r->size, "\n");

	return frame_event(
	    FRAMING_RAW, (struct slice){ payload, (size_t)len }, n, &u);
}

/* The fan-out takes a batch over. */
static void
give(const struct batch *like)
{
	struct batch *b = batch_new();

	assert_non_null(b);
	*b = *like;
	fanout_batch(world.fanout, b);
}

static void
send_batch(uint64_t after, bool replay)
{
	struct batch b = {
		.replay = replay, .after = after, .span.epoch = EPOCH
	};
	uint64_t n;

	for (n = after + 1; n <= world.tail && b.n < BATCH_ROWS_MAX; n++)
		assert_non_null(b.frames[b.n++] = event(n));
	b.span.next = n - 1;
	b.span.rows = b.n;
	give(&b);
}

static void
add(const char *topic, bool private, size_t size)
{
	assert_true(world.tail < ROWS_MAX);
	world.rows[world.tail++] = (struct row){ topic, private, size };
}

/* One round: as many events as were added since `before`. */
static void
tell_since(uint64_t before)
{
	send_batch(before, false);
}

static void
on_stop(struct loop_timer *t)
{
	(void)t;
	loop_stop(world.host.loop);
}

/* Whatever is due now happens, and what was asked for is answered. */
static void
run_once(void)
{
	if (world.asked) {
		world.asked = false;
		send_batch(world.question, true);
	}
	assert_int_equal(
	    loop_timer_set(world.host.loop, &world.stop, clock_mono_ms()),
	    ERR_OK);
	loop_run(world.host.loop);
}

static void
read_some(void)
{
	ssize_t n = read(world.fd, world.text + world.len,
	    sizeof(world.text) - 1 - world.len);

	if (n > 0)
		world.len += (size_t)n;
	world.text[world.len] = '\0';
	world.ended = n == 0;
}

/* Until the response has ended. */
static void
read_until_ended(void)
{
	world.ended = false;
	while (!world.ended) {
		run_once();
		read_some();
	}
}

static void
read_all(void)
{
	read_until_ended();
	assert_int_equal(fanout_counts(world.fanout).subscribers, 0);
}

static size_t
subscribers(void)
{
	run_once();
	read_some();
	return fanout_counts(world.fanout).subscribers;
}

/* A peer that wants /a from `after` on and waits for `wait_ms`. */
static void
open_peer(uint64_t after, bool drain, int64_t wait_ms)
{
	struct subscriber_opening *o = mem_calloc(1, sizeof(*o));
	const int room = 4096;
	struct matcher *m = NULL;
	struct stream *s = NULL;
	int fds[2];

	assert_non_null(o);
	assert_int_equal(
	    matcher_new(&m, selector_topic(slice_of("/a")), NULL), ERR_OK);
	assert_int_equal(matcher_list_add(&o->matchers, m), ERR_OK);
	o->head = frame_new(FRAMING_RAW, slice_of("head\n"));
	o->epoch = EPOCH;
	o->at = after;
	o->end_ms = clock_mono_ms() + LONG_MS;
	o->retry_ms = 500;
	o->drain = drain;
	o->wait_ms = clock_mono_ms() + wait_ms;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	assert_int_equal(
	    stream_new(&s, &world.host, fds[0], FRAME_ID, false), ERR_OK);
	world.fd = fds[1];
	world.len = 0;
	world.ended = false;
	fanout_open(world.fanout, o, s);
}

static int
open_world(size_t ring_bytes)
{
	struct fanout_settings settings = { .framing = FRAMING_RAW,
		.ring_bytes_max = ring_bytes };
	struct batch first = {
		.new_epoch = true, .span.epoch = EPOCH, .key = key
	};

	memset(&world, 0, sizeof(world));
	world.host.framing = FRAMING_RAW;
	world.stop.fire = on_stop;
	assert_int_equal(loop_new(&world.host.loop), ERR_OK);
	settings.loop = world.host.loop;
	assert_int_equal(fanout_new(&world.fanout, &settings), ERR_OK);
	give(&first);
	return 0;
}

/* Its ring holds a few events, so that most come in batches. */
static int
world_open(void **state)
{
	(void)state;
	return open_world(1000);
}

static int
world_open_roomy(void **state)
{
	(void)state;
	return open_world(1 << 20);
}

static int
world_close(void **state)
{
	(void)state;
	close(world.fd);
	while (world.host.open > 0)
		run_once();
	fanout_free(world.fanout);
	loop_free(world.host.loop);
	return 0;
}

/* The response was `events` ("<1><2>"), then the delay and the position. */
static void
expect(const char *events, uint64_t at)
{
	uint64_t row;
	char got[ROWS_MAX * 8] = "";
	const char *p = world.text, *last = strstr(world.text, RETRY);
	uint64_t c;

	for (; (p = strchr(p, '<')) != NULL; p++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s",
		    (int)strcspn(p, ">") + 1, p);
	assert_string_equal(got, events);
	assert_non_null(last);
	last += strlen(RETRY);
	assert_int_equal(strncmp(last, "id: ", 4), 0);
	assert_int_equal(
	    queue_cursor_parse(&key,
		(struct slice){ last + 4, strcspn(last + 4, "\n") }, &c, &row),
	    ERR_OK);
	assert_int_equal(c, at);
	/* And nothing behind it. */
	assert_string_equal(last + 4 + strcspn(last + 4, "\n"), "\n\n");
}

static void
ends_with_the_first_round(void **state)
{
	(void)state;
	open_peer(0, true, LONG_MS);
	for (int i = 0; i < 3; i++)
		add("/b", false, 1);
	tell_since(0);
	assert_int_equal(subscribers(), 1);
	add("/b", false, 1);
	add("/a", false, 1);
	add("/a", false, 1);
	add("/b", false, 1);
	tell_since(3);
	read_all();
	expect("<5><6>", 7);
}

static void
goes_on_if_it_is_a_stream(void **state)
{
	(void)state;
	open_peer(0, false, 0);
	add("/a", false, 1);
	tell_since(0);
	assert_int_equal(subscribers(), 1);
	fanout_end(world.fanout, NULL, NULL);
	read_all();
	assert_null(strstr(world.text, "retry"));
}

static void
takes_no_notice_of_private_ones(void **state)
{
	(void)state;
	open_peer(0, true, LONG_MS);
	add("/a", true, 1);
	tell_since(0);
	assert_int_equal(subscribers(), 1);
	add("/a", false, 1);
	tell_since(1);
	read_all();
	expect("<2>", 2);
}

static void
ends_after_all_of_a_replay(void **state)
{
	char all[ROWS_MAX * 8] = "";

	(void)state;
	for (int i = 1; i <= 350; i++) {
		add(i % 3 == 0 ? "/b" : "/a", i % 5 == 0, 100);
		tell_since(world.tail - 1);
		if (i > 20 && i % 3 != 0 && i % 5 != 0)
			snprintf(all + strlen(all), sizeof(all) - strlen(all),
			    "<%d>", i);
	}
	open_peer(20, true, LONG_MS);
	read_all();
	expect(all, 350);
}

/* It is not ended before its socket took all: an ended stream that is stuck
 * is soon cut. */
static void
waits_for_a_slow_peer(void **state)
{
	static const struct {
		int events;
		size_t size;
	} cases[] = { { 1, 60000 }, { 40, 10000 } };
	uint64_t before;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		before = world.tail;
		for (int n = 0; n < cases[i].events; n++)
			add("/a", false, cases[i].size);
		open_peer(before, true, 0);
		tell_since(before);
		for (int n = 0; n < 10; n++)
			run_once();
		assert_int_equal(fanout_counts(world.fanout).subscribers, 1);
		read_all();
		assert_non_null(strstr(world.text, i == 0 ? "<1>" : "<41>"));
		assert_non_null(strstr(world.text, RETRY));
		close(world.fd);
	}
	world.fd = -1;
}

static void
waits_so_long_for_nothing(void **state)
{
	(void)state;
	add("/b", false, 1);
	tell_since(0);
	open_peer(0, true, 1);
	read_all();
	expect("", 1);

	/* A stream that ends at the same place is told no delay. */
	close(world.fd);
	open_peer(1, false, 0);
	fanout_end(world.fanout, NULL, NULL);
	read_all();
	assert_null(strstr(world.text, "retry"));
}

/* What came before the other database counts. */
static void
ends_with_the_database(void **state)
{
	struct batch other = { .new_epoch = true,
		.span = { .epoch = EPOCH, .next = 40 },
		.key = key };

	(void)state;
	for (int i = 0; i < 40; i++)
		add("/a", false, 10000);
	tell_since(0);
	open_peer(0, true, LONG_MS);
	run_once();
	assert_int_equal(fanout_counts(world.fanout).subscribers, 1);
	give(&other);
	read_all();
	assert_non_null(strstr(world.text, "<1>"));
	assert_non_null(strstr(world.text, RETRY));
}

/* A long history is looked at in turns: the loop is there for all. */
static void
takes_turns(void **state)
{
	(void)state;
	while (world.tail < 1500)
		add("/b", false, 1);
	add("/a", false, 1);
	for (uint64_t n = 0; n < world.tail; n += BATCH_ROWS_MAX)
		send_batch(n, false);
	open_peer(0, false, 0);
	read_some();
	assert_string_equal(world.text, "head\n");
	while (strstr(world.text, "<1501>") == NULL) {
		assert_false(world.asked);
		run_once();
		read_some();
	}
	fanout_end(world.fanout, NULL, NULL);
	read_all();
}

/* The number behind the last event that the peer has read. */
static unsigned long
last_event(void)
{
	const char *p = world.text, *last = NULL;

	for (; (p = strchr(p, '<')) != NULL; p++)
		last = p;
	return last != NULL ? strtoul(last + 1, NULL, 10) : 0;
}

/* Two that stop reading hold too much: the position which each is told leads
 * to the first event that was dropped. */
static void
is_told_what_was_dropped(void **state)
{
	uint64_t c;
	const char *id;
	uint64_t row;
	int other;

	(void)state;
	open_peer(0, false, 0);
	other = world.fd;
	open_peer(0, false, 0);
	for (int i = 0; i < 60; i++) {
		add("/a", false, 500);
		tell_since(world.tail - 1);
	}
	run_once();
	assert_int_equal(fanout_counts(world.fanout).subscribers, 2);
	world.host.queued_max = 1000;
	add("/a", false, 500);
	tell_since(world.tail - 1);
	run_once();
	assert_int_equal(fanout_counts(world.fanout).subscribers, 0);
	close(other);
	read_until_ended();
	assert_non_null(id = strstr(world.text, "id: "));
	id += 4;
	assert_int_equal(queue_cursor_parse(&key,
			     (struct slice){ id, strcspn(id, "\n") }, &c, &row),
	    ERR_OK);
	assert_true(last_event() > 0 && last_event() < world.tail);
	assert_int_equal(c, last_event());
}

/* The delay that the peer was told with its position. */
static unsigned long
delay(void)
{
	const char *retry = strstr(world.text, "retry: ");

	assert_non_null(retry);
	assert_non_null(strstr(retry, "\n\nid: #"));
	return strtoul(retry + strlen("retry: "), NULL, 10);
}

/* Those who came first go first; the delays are at random behind the usual. */
static void
reduces_to_some(void **state)
{
	enum { PEERS = 50, SPREAD_MS = 10000 };
	unsigned long least = ULONG_MAX, most = 0;
	int fds[PEERS];

	(void)state;
	for (int i = 0; i < PEERS; i++) {
		open_peer(0, false, 0);
		fds[i] = world.fd;
	}
	for (int i = 0; i < PEERS; i++) {
		size_t left = (size_t)(PEERS - 1 - i);

		fanout_reduce(world.fanout, left, SPREAD_MS);
		assert_int_equal(fanout_counts(world.fanout).subscribers, left);
		world.fd = fds[i];
		world.len = 0;
		read_until_ended();
		if (delay() < least)
			least = delay();
		if (delay() > most)
			most = delay();
		close(world.fd);
	}
	world.fd = -1;
	assert_true(least >= 500 && most <= 500 + SPREAD_MS);
	assert_true(most - least > SPREAD_MS / 10);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ends_with_the_first_round),
		TEST(goes_on_if_it_is_a_stream),
		TEST(takes_no_notice_of_private_ones),
		TEST(ends_after_all_of_a_replay),
		TEST(waits_for_a_slow_peer),
		TEST(waits_so_long_for_nothing),
		TEST(ends_with_the_database),
		cmocka_unit_test_setup_teardown(
		    is_told_what_was_dropped, world_open_roomy, world_close),
		cmocka_unit_test_setup_teardown(
		    takes_turns, world_open_roomy, world_close),
		TEST(reduces_to_some),
	};

	/* What does not end would hang. */
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
