/* SPDX-License-Identifier: MIT */
/* test_fanout.c - every event once and in order, however peers read. */
#include "unit/unit.h"

#include <stdlib.h>

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "queue/backend.h"
#include "unit/fanout_room.h"
#include "unit/mem_fail.h"

#define EVENTS 1500
#define EVENTS_FEW 150
#define FEW 3 /* peers that come to them */
#define PEERS 30
#define TOPICS 4
#define BURST_MAX 7

/* With the loop's heap of timers this full, a stream needs a larger one. */
#define FILLERS 63

/* Event number n of the log has position n and topic n mod TOPICS. */
static struct fanout_room room;
static struct loop_timer fillers[FILLERS];

/* A peer, and what it must have got in the end. */
static struct peer {
	int fd;
	bool topics[TOPICS];
	bool poll, templates;
	uint64_t after;    /* its position when it came */
	uint64_t last;     /* the last event it read */
	uint64_t position; /* the last one it was sent */
	char line[8192];
	size_t have;
	bool alive; /* the last line was no event */
	bool gone;  /* its stream has ended */
} peers[PEERS];

static struct frame *
event(uint64_t n)
{
	static char payload[4096];
	static const char *const topics[TOPICS] = { "/0", "/1", "/2", "/3" };
	int len;

	/* Sizes that fill a socket soon. */
	len = snprintf(payload, sizeof(payload), "%0*d\n",
	    (int)(8 + n * 37 % 2000), (int)n);
	return fanout_room_event(n, topics[n % TOPICS], false,
	    (struct slice){ payload, (size_t)len });
}

static void
send_batch(struct batch *b, uint64_t after)
{
	uint64_t n;

	b->after = after;
	b->span.epoch = FANOUT_ROOM_EPOCH;
	for (n = after + 1; n <= room.tail && b->n < BATCH_ROWS_MAX; n++)
		b->frames[b->n++] = event(n);
	b->span.next = n - 1;
	fanout_room_give(&room, b);
}

/* Some events happen. */
static void
publish(void)
{
	struct batch b = { .kind = BATCH_LIVE };
	uint64_t before = room.tail;

	room.tail += (uint64_t)rand() % BURST_MAX;
	if (room.tail > before)
		send_batch(&b, before);
}

static void
answer_question(void)
{
	struct batch b = { .kind = BATCH_REPLAY };

	if (!room.asked)
		return;
	room.asked = false;
	send_batch(&b, room.question);
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
	    queue_cursor_parse(&fanout_room_key, slice_of(id), &at, &row),
	    ERR_OK);
	if (at < p->last || at >= wanted(p))
		fail_msg("at %d behind %d", (int)at, (int)p->last);
	p->position = at;
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
	p->last = p->position = n;
}

static void
read_byte(struct peer *p, char c)
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
		read_byte(p, bytes[i]);
	p->gone = n == 0 || (n < 0 && errno != EAGAIN);
}

static struct subscriber_opening *
opening(struct peer *p)
{
	struct subscriber_opening *o = fanout_room_opening(":\n\n", p->after);

	for (int i = 0; i < TOPICS; i++) {
		char topic[16];

		snprintf(
		    topic, sizeof(topic), p->templates ? "/%d{x}" : "/%d", i);
		if (p->topics[i])
			fanout_room_ask_for(o, topic);
	}
	o->keepalive_ms = 1;
	o->poll = p->poll;
	o->wait_ms = clock_mono_ms() + rand() % 20;
	return o;
}

/* With p->topics from p->after on; without memory the peer is gone at once. */
static void
join(struct peer *p)
{
	struct stream *s = fanout_room_connect(&room, &p->fd);

	p->position = p->after;
	p->have = 0;
	p->gone = s == NULL;
	if (!p->gone)
		fanout_open(room.fanout, opening(p), s);
}

/* At the end, which its worker may have seen further on than the loop has, or
 * somewhere in history. */
static void
join_anywhere(struct peer *p)
{
	p->after = rand() % 2 ? room.tail + (uint64_t)rand() % BURST_MAX
			      : (uint64_t)rand() % (room.tail + 1);
	p->last = p->after;
	p->poll = rand() % 2;
	p->templates = rand() % 2;
	for (int i = 0; i < TOPICS; i++)
		p->topics[i] = i == 0 || rand() % 2 == 0;
	join(p);
}

static void
open_room(size_t ring_bytes, size_t effort)
{
	memset(peers, 0, sizeof(peers));
	memset(fillers, 0, sizeof(fillers));
	fanout_room_open(&room, ring_bytes, effort);
}

static void
close_room(void)
{
	fanout_end(room.fanout, NULL, NULL);
	for (size_t i = 0; i < PEERS; i++)
		if (peers[i].fd > 0)
			close(peers[i].fd);
	fanout_room_close(&room);
}

/* All has been delivered when nobody has anything left to read but signs of
 * life. */
static bool
all_are_served(void)
{
	for (size_t i = 0; i < PEERS; i++) {
		uint64_t n = room.tail;

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
		p->after = p->position;
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
		fanout_room_turn(&room);
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
		open_room(rows[i].ring, rows[i].effort);
		for (joined = 0; room.tail < EVENTS;) {
			struct peer *p = &peers[rand() % PEERS];

			if (joined < PEERS && rand() % 5 == 0)
				join_anywhere(&peers[joined++]);
			publish();
			if (rand() % 2)
				answer_question();
			if (p < peers + joined)
				peer_reads(p, (size_t)rand() % 60000);
			if (rand() % 3 == 0)
				fanout_room_turn(&room);
			rejoin();
		}
		assert_int_equal(joined, PEERS);
		serve_all();
		close_room();
	}
}

/* One that reads, and two that do not and must catch up; one after the other
 * from the beginning of the log. */
static void
live_and_replay(void)
{
	struct peer *p = peers;

	for (int i = 0; i < EVENTS_FEW; i++) {
		struct batch b = { .kind = BATCH_LIVE };

		if (i % (EVENTS_FEW / FEW) == 0) {
			memset(p->topics, true, sizeof(p->topics));
			p->poll = p == &peers[1];
			join(p++);
		}
		room.tail++;
		send_batch(&b, room.tail - 1);
		peer_reads(&peers[0], 20000);
		answer_question();
		fanout_room_turn(&room);
		rejoin();
	}
	serve_all();
}

/* The same database once more: all get their position, none loses anything. */
static void
change_epoch(void)
{
	struct batch b = { .kind = BATCH_NEW_EPOCH,
		.span = { .epoch = FANOUT_ROOM_EPOCH, .next = room.tail },
		.key = fanout_room_key };
	struct batch next = { .kind = BATCH_LIVE };

	fanout_room_give(&room, &b);
	fanout_room_turn(&room);
	rejoin();
	room.tail++;
	send_batch(&next, room.tail - 1);
	serve_all();
}

static void
loses_nothing_without_memory(void **state)
{
	bool failed = true;

	(void)state;
	log_open("test", LOG_LEVEL_ERR);
	for (long n = 1; failed; n++) {
		open_room(6000, 0);
		for (size_t i = 0; i < FILLERS; i++)
			assert_int_equal(loop_timer_set(room.host.loop,
					     &fillers[i], INT64_MAX),
			    ERR_OK);
		mem_fail_at(n);
		live_and_replay();
		change_epoch();
		fanout_end(room.fanout, NULL, NULL);
		failed = mem_failed();
		mem_fail_at(0);
		close_room();
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
