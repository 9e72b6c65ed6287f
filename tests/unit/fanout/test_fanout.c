/* SPDX-License-Identifier: MIT */
/* test_fanout.c - every event once and in order, however peers read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "fanout/fanout.h"
#include "queue/ops.h"
#include "unit/mem_fail.h"

#define EVENTS 1500
#define EVENTS_FEW 150
#define FEW 3 /* peers that come to them */
#define PEERS 30
#define TOPICS 4
#define BURST_MAX 7
#define EPOCH 9

/* With the loop's heap of timers this full, a stream needs a larger one. */
#define FILLERS 63

/* Event number n of the log has position n and topic n mod TOPICS. */
static struct {
	struct stream_host host;
	struct fanout *fanout;
	struct loop_timer stop;
	struct loop_timer fillers[FILLERS];
	uint64_t tail;
	bool asked;
	uint64_t question;
} world;

/* The positions that peers are told are of this epoch. */
static const struct queue_cursor_key key = { .epoch = EPOCH };

/* A peer, and what it must have got in the end. */
static struct peer {
	int fd;
	bool topics[TOPICS];
	bool drain, templates;
	uint64_t after; /* its position when it came */
	uint64_t last;  /* the last event it read */
	uint64_t told;  /* the last position it was told */
	char line[8192];
	size_t have;
	bool alive; /* the last line was no event */
	bool gone;  /* its stream has ended */
} peers[PEERS];

/* Stands in for the tailer's. */
void
tailer_ask(struct tailer *t, uint64_t after)
{
	(void)t;
	assert_false(world.asked);
	world.asked = true;
	world.question = after;
}

static void
on_stop(struct loop_timer *t)
{
	(void)t;
	loop_stop(world.host.loop);
}

static void
run_once(void)
{
	while (loop_timer_set(world.host.loop, &world.stop, clock_mono_ms()) !=
	       ERR_OK)
		continue;
	loop_run(world.host.loop);
}

static struct frame *
event(uint64_t n)
{
	static char payload[4096];
	static const char *const topics[TOPICS] = { "/0", "/1", "/2", "/3" };
	const struct update u = { .topics = slice_of(topics[n % TOPICS]) };
	long left = mem_fail_pause();
	struct frame *f;
	int len;

	/* Sizes that fill a socket soon. */
	len = snprintf(payload, sizeof(payload), "%0*d\n",
	    (int)(8 + n * 37 % 2000), (int)n);
	f = frame_event(
	    FRAMING_RAW, (struct slice){ payload, (size_t)len }, n, &u);
	assert_non_null(f);
	mem_fail_resume(left);
	return f;
}

/* The fan-out takes a batch over. */
static void
give(const struct batch *like)
{
	long left = mem_fail_pause();
	struct batch *b = batch_new();

	assert_non_null(b);
	*b = *like;
	mem_fail_resume(left);
	fanout_batch(world.fanout, b);
}

static void
send_batch(struct batch *b, uint64_t after)
{
	uint64_t n;

	b->after = after;
	b->span.epoch = EPOCH;
	for (n = after + 1; n <= world.tail && b->n < BATCH_ROWS_MAX; n++)
		b->frames[b->n++] = event(n);
	b->span.next = n - 1;
	b->span.rows = b->n;
	give(b);
}

/* Some events happen. */
static void
publish(void)
{
	struct batch b = { .replay = false };
	uint64_t before = world.tail;

	world.tail += (uint64_t)rand() % BURST_MAX;
	if (world.tail > before)
		send_batch(&b, before);
}

static void
answer_question(void)
{
	struct batch b = { .replay = true };

	if (!world.asked)
		return;
	world.asked = false;
	send_batch(&b, world.question);
}

/* The first event behind the last that it read. */
static uint64_t
wanted(const struct peer *p)
{
	uint64_t n = p->last + 1;

	while (!p->topics[n % TOPICS])
		n++;
	return n;
}

/* A position leaves nothing out. */
static void
check_position(struct peer *p, const char *id)
{
	long left = mem_fail_pause();
	uint64_t at;
	uint64_t row;

	assert_int_equal(
	    queue_cursor_parse(&key, slice_of(id), &at, &row), ERR_OK);
	if (at < p->last || at >= wanted(p))
		fail_msg("at %d behind %d", (int)at, (int)p->last);
	p->told = at;
	mem_fail_resume(left);
}

static void
check_line(struct peer *p)
{
	uint64_t n = strtoull(p->line, NULL, 10);

	/* The keep-alive, delays and positions. */
	p->alive = p->line[0] != '0';
	if (strncmp(p->line, "id: ", 4) == 0)
		check_position(p, p->line + 4);
	if (p->alive)
		return;
	if (n != wanted(p))
		fail_msg("event %d instead of %d", (int)n, (int)wanted(p));
	p->last = p->told = n;
}

static void
take_byte(struct peer *p, char c)
{
	if (c != '\n')
		p->line[p->have++] = c;
	else if (p->have > 0) {
		p->line[p->have] = '\0';
		check_line(p);
		p->have = 0;
	}
}

static void
peer_reads(struct peer *p, size_t most)
{
	static char bytes[60000];
	ssize_t n = read(p->fd, bytes, most);

	for (ssize_t i = 0; i < n; i++)
		take_byte(p, bytes[i]);
	p->gone = n == 0 || (n < 0 && errno != EAGAIN);
}

static struct subscriber_opening *
opening(struct peer *p)
{
	long left = mem_fail_pause();
	struct subscriber_opening *o = mem_calloc(1, sizeof(*o));

	for (int i = 0; i < TOPICS; i++) {
		struct matcher *m = NULL;
		char topic[16];

		snprintf(
		    topic, sizeof(topic), p->templates ? "/%d{x}" : "/%d", i);
		if (!p->topics[i])
			continue;
		assert_int_equal(
		    matcher_new(&m, selector_topic(slice_of(topic)), NULL),
		    ERR_OK);
		assert_int_equal(matcher_list_add(&o->matchers, m), ERR_OK);
	}
	o->head = frame_new(FRAMING_RAW, slice_of(":\n\n"));
	o->epoch = EPOCH;
	o->at = p->after;
	o->end_ms = INT64_MAX;
	o->keepalive_ms = 1;
	o->drain = p->drain;
	o->wait_ms = clock_mono_ms() + rand() % 20;
	mem_fail_resume(left);
	return o;
}

/* With p->topics from p->after on; without memory the peer is gone at once. */
static void
join(struct peer *p)
{
	const int room = 4096;
	struct stream *s = NULL;
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	p->fd = fds[1];
	p->told = p->after;
	p->have = 0;
	p->gone =
	    stream_new(&s, &world.host, fds[0], FRAME_ID, false) != ERR_OK;
	if (p->gone)
		close(fds[0]);
	else
		fanout_open(world.fanout, opening(p), s);
}

/* At the end, which its worker may have seen further on than the loop has, or
 * somewhere in history. */
static void
join_anywhere(struct peer *p)
{
	p->after = rand() % 2 ? world.tail + (uint64_t)rand() % BURST_MAX
			      : (uint64_t)rand() % (world.tail + 1);
	p->last = p->after;
	p->drain = rand() % 2;
	p->templates = rand() % 2;
	for (int i = 0; i < TOPICS; i++)
		p->topics[i] = i == 0 || rand() % 2 == 0;
	join(p);
}

static void
open_world(size_t ring_bytes, size_t effort)
{
	struct fanout_settings settings = { .framing = FRAMING_RAW,
		.ring_bytes_max = ring_bytes,
		.effort = effort };
	struct batch first = {
		.new_epoch = true, .span.epoch = EPOCH, .key = key
	};

	memset(&world, 0, sizeof(world));
	memset(peers, 0, sizeof(peers));
	world.host.framing = FRAMING_RAW;
	world.stop.fire = on_stop;
	assert_int_equal(loop_new(&world.host.loop), ERR_OK);
	settings.loop = world.host.loop;
	assert_int_equal(fanout_new(&world.fanout, &settings), ERR_OK);
	give(&first);
}

static void
close_world(void)
{
	fanout_end(world.fanout, NULL, NULL);
	for (size_t i = 0; i < PEERS; i++)
		if (peers[i].fd > 0)
			close(peers[i].fd);
	while (world.host.open > 0)
		run_once();
	assert_int_equal(fanout_counts(world.fanout).subscribers, 0);
	fanout_free(world.fanout);
	loop_free(world.host.loop);
}

/* All has been delivered when nobody has anything left to read but signs of
 * life. */
static bool
all_are_served(void)
{
	for (size_t i = 0; i < PEERS; i++) {
		uint64_t n = world.tail;

		if (peers[i].fd == 0)
			continue;
		while (n > 0 && !peers[i].topics[n % TOPICS])
			n--;
		if (peers[i].last < n || !peers[i].alive)
			return false;
	}
	return true;
}

/* Peers that were cut or have ended come back with the last they know. */
static void
rejoin(void)
{
	for (size_t i = 0; i < PEERS; i++) {
		struct peer *p = &peers[i];

		if (!p->gone)
			continue;
		close(p->fd);
		p->after = p->told;
		join(p);
	}
}

/* Now all read; nobody waits for something to be published. */
static void
serve_all(void)
{
	for (int round = 0; round < 5000 && !all_are_served(); round++) {
		for (size_t i = 0; i < PEERS; i++)
			if (peers[i].fd > 0)
				peer_reads(&peers[i], 20000);
		rejoin();
		answer_question();
		run_once();
	}
	assert_true(all_are_served());
}

static void
serves_all_sorts_of_peers(void **state)
{
	static const struct {
		size_t ring, effort;
	} rows[] = { { 1, 0 }, { 20000, 0 }, { 1 << 20, 0 }, { 1, 1000 },
		{ 20000, 500 }, { 1 << 20, 200 } };
	size_t joined = 0;

	(void)state;
	srand(1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_world(rows[i].ring, rows[i].effort);
		for (joined = 0; world.tail < EVENTS;) {
			struct peer *p = &peers[rand() % PEERS];

			if (joined < PEERS && rand() % 5 == 0)
				join_anywhere(&peers[joined++]);
			publish();
			if (rand() % 2)
				answer_question();
			if (p < peers + joined)
				peer_reads(p, (size_t)rand() % 60000);
			if (rand() % 3 == 0)
				run_once();
			rejoin();
		}
		assert_int_equal(joined, PEERS);
		serve_all();
		close_world();
	}
}

/* One that reads, and two that do not and must catch up; one after the other
 * from the beginning of the log. */
static void
live_and_replay(void)
{
	struct peer *p = peers;

	for (int i = 0; i < EVENTS_FEW; i++) {
		struct batch b = { .replay = false };

		if (i % (EVENTS_FEW / FEW) == 0) {
			memset(p->topics, true, sizeof(p->topics));
			p->drain = p == &peers[1];
			join(p++);
		}
		world.tail++;
		send_batch(&b, world.tail - 1);
		peer_reads(&peers[0], 20000);
		answer_question();
		run_once();
		rejoin();
	}
	serve_all();
}

/* The same database once more: all are told, nobody loses anything. */
static void
change_epoch(void)
{
	struct batch b = { .new_epoch = true,
		.span = { .epoch = EPOCH, .next = world.tail },
		.key = key };
	struct batch next = { .replay = false };

	give(&b);
	run_once();
	rejoin();
	world.tail++;
	send_batch(&next, world.tail - 1);
	serve_all();
}

static void
loses_nothing_without_memory(void **state)
{
	bool failed = true;

	(void)state;
	log_open("test", LOG_LEVEL_ERR);
	for (long n = 1; failed; n++) {
		open_world(6000, 0);
		for (size_t i = 0; i < FILLERS; i++)
			assert_int_equal(loop_timer_set(world.host.loop,
					     &world.fillers[i], INT64_MAX),
			    ERR_OK);
		mem_fail_at(n);
		live_and_replay();
		change_epoch();
		fanout_end(world.fanout, NULL, NULL);
		failed = mem_failed();
		mem_fail_at(0);
		close_world();
	}
}

static void
starts_or_fails_without_memory(void **state)
{
	const struct fanout_settings settings = { .framing = FRAMING_RAW };
	enum err e = ERR_NOMEM;

	(void)state;
	for (long n = 1; e != ERR_OK; n++) {
		struct fanout *f = NULL;

		mem_fail_at(n);
		e = fanout_new(&f, &settings);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_int_equal(f == NULL, mem_failed());
		mem_fail_at(0);
		fanout_free(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_all_sorts_of_peers),
		cmocka_unit_test(starts_or_fails_without_memory),
		cmocka_unit_test(loses_nothing_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
