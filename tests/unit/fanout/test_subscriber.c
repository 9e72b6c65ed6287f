/* SPDX-License-Identifier: MIT */
/* test_subscriber.c - what one subscriber gets, step by step, until it ends. */
#include "unit/unit.h"

#include <stdlib.h>

#include <limits.h>
#include <unistd.h>

#include "base/clock.h"
#include "queue/backend.h"
#include "unit/fanout_room.h"

#define RETRY "retry: 500\n\n"
#define ROWS_MAX 2000
#define LONG_MS 3600000

/* Stands in for the database: row n - 1 is event n. */
struct row {
	const char *topic;
	bool private;
	size_t size; /* of its text */
};

static struct fanout_room room;
static struct row rows[ROWS_MAX];

static struct frame *
event(uint64_t n)
{
	static char payload[65536];
	const struct row *r = &rows[n - 1];
	int len = snprintf(
	    payload, sizeof(payload), "<%d>%*s", (int)n, (int)r->size, "\n");

	return fanout_room_event(
	    n, r->topic, r->private, (struct slice){ payload, (size_t)len });
}

static void
send_batch(uint64_t after, enum batch_kind kind)
{
	struct batch b = {
		.kind = kind, .after = after, .span.epoch = FANOUT_ROOM_EPOCH
	};
	uint64_t n;

	for (n = after + 1; n <= room.tail && b.n < BATCH_ROWS_MAX; n++)
		b.frames[b.n++] = event(n);
	b.span.next = n - 1;
	fanout_room_give(&room, &b);
}

static void
add(const char *topic, bool private, size_t size)
{
	assert_true(room.tail < ROWS_MAX);
	rows[room.tail++] = (struct row){ topic, private, size };
}

/* One batch: as many events as were added since `before`. */
static void
publish_since(uint64_t before)
{
	send_batch(before, BATCH_LIVE);
}

/* Whatever is due now happens, and what was asked for is answered. */
static void
run_once(void)
{
	if (room.asked) {
		room.asked = false;
		send_batch(room.question, BATCH_REPLAY);
	}
	fanout_room_turn(&room);
}

/* Until the response has ended. */
static void
read_until_ended(void)
{
	room.ended = false;
	while (!room.ended) {
		run_once();
		fanout_room_read(&room);
	}
}

static void
read_all(void)
{
	read_until_ended();
	assert_int_equal(fanout_subscribers(room.fanout), 0);
}

static size_t
subscribers(void)
{
	run_once();
	fanout_room_read(&room);
	return fanout_subscribers(room.fanout);
}

/* A peer that wants /a from `after` on and waits for `wait_ms`. */
static void
open_peer(uint64_t after, bool poll, int64_t wait_ms)
{
	struct subscriber_opening *o = fanout_room_opening("head\n", after);

	fanout_room_ask_for(o, "/a");
	o->end_ms = clock_mono_ms() + LONG_MS;
	o->retry_ms = 500;
	o->poll = poll;
	o->wait_ms = clock_mono_ms() + wait_ms;
	fanout_room_subscribe(&room, o);
}

/* Its ring holds a few events, so that most come in batches. */
static int
room_open(void **state)
{
	(void)state;
	fanout_room_open(&room, 1000, 0);
	return 0;
}

static int
room_open_large(void **state)
{
	(void)state;
	fanout_room_open(&room, 1 << 20, 0);
	return 0;
}

static int
room_close(void **state)
{
	(void)state;
	fanout_room_close(&room);
	return 0;
}

/* The response was `events` ("<1><2>"), then the delay and the position. */
static void
expect(const char *events, uint64_t at)
{
	uint64_t row;
	char got[ROWS_MAX * 8] = "";
	const char *p = room.text, *last = strstr(room.text, RETRY);
	uint64_t c;

	for (; (p = strchr(p, '<')) != NULL; p++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s",
		    (int)strcspn(p, ">") + 1, p);
	assert_string_equal(got, events);
	assert_non_null(last);
	last += strlen(RETRY);
	assert_int_equal(strncmp(last, "id: ", 4), 0);
	assert_int_equal(
	    queue_cursor_parse(&fanout_room_key,
		(struct slice){ last + 4, strcspn(last + 4, "\n") }, &c, &row),
	    ERR_OK);
	assert_int_equal(c, at);
	/* And nothing behind it. */
	assert_string_equal(last + 4 + strcspn(last + 4, "\n"), "\n\n");
}

static void
ends_with_the_first_event(void **state)
{
	(void)state;
	open_peer(0, true, LONG_MS);
	for (int i = 0; i < 3; i++)
		add("/b", false, 1);
	publish_since(0);
	assert_int_equal(subscribers(), 1);
	add("/b", false, 1);
	add("/a", false, 1);
	add("/a", false, 1);
	add("/b", false, 1);
	publish_since(3);
	read_all();
	expect("<5><6>", 7);
}

static void
goes_on_if_it_is_a_stream(void **state)
{
	(void)state;
	open_peer(0, false, 0);
	add("/a", false, 1);
	publish_since(0);
	assert_int_equal(subscribers(), 1);
	fanout_end(room.fanout, NULL, NULL);
	read_all();
	assert_null(strstr(room.text, "retry"));
}

static void
ignores_private_ones(void **state)
{
	(void)state;
	open_peer(0, true, LONG_MS);
	add("/a", true, 1);
	publish_since(0);
	assert_int_equal(subscribers(), 1);
	add("/a", false, 1);
	publish_since(1);
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
		publish_since(room.tail - 1);
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
		before = room.tail;
		for (int n = 0; n < cases[i].events; n++)
			add("/a", false, cases[i].size);
		open_peer(before, true, 0);
		publish_since(before);
		for (int n = 0; n < 10; n++)
			run_once();
		assert_int_equal(fanout_subscribers(room.fanout), 1);
		read_all();
		assert_non_null(strstr(room.text, i == 0 ? "<1>" : "<41>"));
		assert_non_null(strstr(room.text, RETRY));
		close(room.fd);
	}
	room.fd = -1;
}

static void
waits_so_long_for_nothing(void **state)
{
	(void)state;
	add("/b", false, 1);
	publish_since(0);
	open_peer(0, true, 1);
	read_all();
	expect("", 1);

	/* A stream that ends at the same place is sent no delay. */
	close(room.fd);
	open_peer(1, false, 0);
	fanout_end(room.fanout, NULL, NULL);
	read_all();
	assert_null(strstr(room.text, "retry"));
}

/* Events from before the other database count. */
static void
ends_with_the_database(void **state)
{
	struct batch other = { .kind = BATCH_NEW_EPOCH,
		.span = { .epoch = FANOUT_ROOM_EPOCH, .next = 40 },
		.key = fanout_room_key };

	(void)state;
	for (int i = 0; i < 40; i++)
		add("/a", false, 10000);
	publish_since(0);
	open_peer(0, true, LONG_MS);
	run_once();
	assert_int_equal(fanout_subscribers(room.fanout), 1);
	fanout_room_give(&room, &other);
	read_all();
	assert_non_null(strstr(room.text, "<1>"));
	assert_non_null(strstr(room.text, RETRY));
}

/* A long history is looked at in turns: the loop is there for all. */
static void
replays_in_turns(void **state)
{
	(void)state;
	while (room.tail < 1500)
		add("/b", false, 1);
	add("/a", false, 1);
	for (uint64_t n = 0; n < room.tail; n += BATCH_ROWS_MAX)
		send_batch(n, BATCH_LIVE);
	open_peer(0, false, 0);
	fanout_room_read(&room);
	assert_string_equal(room.text, "head\n");
	while (strstr(room.text, "<1501>") == NULL) {
		assert_false(room.asked);
		run_once();
		fanout_room_read(&room);
	}
	fanout_end(room.fanout, NULL, NULL);
	read_all();
}

/* The number behind the last event that the peer has read. */
static unsigned long
last_event(void)
{
	const char *p = room.text, *last = NULL;

	for (; (p = strchr(p, '<')) != NULL; p++)
		last = p;
	return last != NULL ? strtoul(last + 1, NULL, 10) : 0;
}

/* Two that stop reading hold too much: the position which each is sent leads
 * to the first event that was dropped. */
static void
is_sent_where_it_was_cut(void **state)
{
	uint64_t c;
	const char *id;
	uint64_t row;
	int other;

	(void)state;
	open_peer(0, false, 0);
	other = room.fd;
	open_peer(0, false, 0);
	for (int i = 0; i < 60; i++) {
		add("/a", false, 500);
		publish_since(room.tail - 1);
	}
	run_once();
	assert_int_equal(fanout_subscribers(room.fanout), 2);
	room.host.queued_max = 1000;
	add("/a", false, 500);
	publish_since(room.tail - 1);
	run_once();
	assert_int_equal(fanout_subscribers(room.fanout), 0);
	close(other);
	read_until_ended();
	assert_non_null(id = strstr(room.text, "id: "));
	id += 4;
	assert_int_equal(queue_cursor_parse(&fanout_room_key,
			     (struct slice){ id, strcspn(id, "\n") }, &c, &row),
	    ERR_OK);
	assert_true(last_event() > 0 && last_event() < room.tail);
	assert_int_equal(c, last_event());
}

/* The delay that the peer was sent with its position. */
static unsigned long
delay(void)
{
	const char *retry = strstr(room.text, "retry: ");

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
		fds[i] = room.fd;
	}
	for (int i = 0; i < PEERS; i++) {
		size_t left = (size_t)(PEERS - 1 - i);

		fanout_reduce(room.fanout, left, SPREAD_MS);
		assert_int_equal(fanout_subscribers(room.fanout), left);
		room.fd = fds[i];
		room.len = 0;
		read_until_ended();
		if (delay() < least)
			least = delay();
		if (delay() > most)
			most = delay();
		close(room.fd);
	}
	room.fd = -1;
	assert_true(least >= 500 && most <= 500 + SPREAD_MS);
	assert_true(most - least > SPREAD_MS / 10);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, room_open, room_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ends_with_the_first_event),
		TEST(goes_on_if_it_is_a_stream),
		TEST(ignores_private_ones),
		TEST(ends_after_all_of_a_replay),
		TEST(waits_for_a_slow_peer),
		TEST(waits_so_long_for_nothing),
		TEST(ends_with_the_database),
		cmocka_unit_test_setup_teardown(
		    is_sent_where_it_was_cut, room_open_large, room_close),
		cmocka_unit_test_setup_teardown(
		    replays_in_turns, room_open_large, room_close),
		TEST(reduces_to_some),
	};

	/* A stream that does not end would hang. */
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
