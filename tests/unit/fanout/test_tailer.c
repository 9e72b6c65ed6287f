/* SPDX-License-Identifier: MIT */
/* test_tailer.c - each row becomes a frame, in order, or fails. */
#include "unit/unit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "fanout/tailer.h"
#include "queue/sessions.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

#define ROWS_MAX 500
#define RING_MS 10
#define IN_FLIGHT 4 /* batches that the loop has not finished with, at most */

/* Positions in the order in which they were met. */
struct positions {
	uint64_t at[ROWS_MAX];
	size_t n;
};

struct desk {
	struct queue_room *room;
	struct loop *loop;
	struct loop_timer ring;
	struct queue *writer;
	struct tailer *tailer;
	struct positions log; /* all that was appended */
	struct positions live, replayed;
	bool started;
	uint64_t changes; /* of sessions, that were reported */
	int in_turn;      /* batches that one turn of the loop brought */
};

static int
desk_open(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));
	void *room = NULL;

	if (d == NULL || queue_room_make(&room) != 0 ||
	    loop_new(&d->loop) != ERR_OK)
		return -1;
	log_open("test", LOG_LEVEL_ERR);
	d->room = room;
	d->writer = queue_room_open(d->room, QUEUE_WRITE);
	*state = d;
	return 0;
}

static int
desk_close(void **state)
{
	struct desk *d = *state;
	void *room = d->room;

	queue_close(d->writer);
	loop_free(d->loop);
	free(d);
	return queue_room_remove(&room);
}

static void
note(struct positions *p, uint64_t at)
{
	assert_true(p->n < ROWS_MAX);
	p->at[p->n++] = at;
}

static void
expect_all(const struct positions *got, const struct positions *want)
{
	assert_int_equal(got->n, want->n);
	for (size_t i = 0; i < got->n; i++)
		assert_int_equal(got->at[i], want->at[i]);
}

/* A row of any size may be the last of a batch, or the only one. */
static void
check_bounds(const struct batch *b)
{
	size_t bytes = 0;

	assert_true(b->n <= BATCH_ROWS_MAX);
	for (size_t i = 0; i + 1 < b->n; i++)
		bytes += b->frames[i]->len;
	assert_true(bytes < BATCH_BYTES_MAX);
}

static void
note_batch(void *arg, struct batch *b)
{
	struct desk *d = arg;
	struct positions *p = b->kind == BATCH_REPLAY ? &d->replayed : &d->live;

	check_bounds(b);
	d->in_turn++;
	if (b->kind == BATCH_NEW_EPOCH)
		d->changes = b->span.sessions;
	if (b->sessions != NULL)
		d->changes = b->sessions->number;
	/* No event goes by older rights than there were by then. */
	assert_true(b->span.sessions <= d->changes || b->sessions != NULL);
	for (size_t i = 0; i < b->n; i++)
		note(p, b->frames[i]->at);
	d->started |= b->kind == BATCH_NEW_EPOCH;
	if (b->kind == BATCH_REPLAY && p->n < d->log.n)
		tailer_ask(d->tailer, b->span.next);
	batch_done(b);
	loop_stop(d->loop);
}

/* Notify again: a thread that was out of memory need not wait for a tick. */
static void
ring(struct loop_timer *t)
{
	struct desk *d = CONTAINER(struct desk, ring, t);

	queue_wake(d->writer);
	loop_timer_set(d->loop, t, clock_mono_ms() + RING_MS);
}

static enum err
start(struct desk *d, struct problem *p)
{
	const struct tailer_settings s = { d->room->settings, FRAMING_FCGI,
		d->loop, note_batch, d };

	d->tailer = NULL;
	d->started = false;
	d->live.n = d->log.n = 0;
	return tailer_start(&d->tailer, &s, p);
}

static void
stop(struct desk *d)
{
	tailer_stop(d->tailer);
	loop_empty(d->loop);
	tailer_free(d->tailer);
	assert_true(d->started);
}

static void
note_row(void *arg, uint64_t at, const struct update *u)
{
	(void)u;
	note(arg, at);
}

/* The whole log, read by somebody else. */
static void
read_log(struct desk *d)
{
	struct queue_span span = { 0 };

	d->log.n = 0;
	for (int i = 0; i < 2; i++)
		assert_int_equal(queue_read(d->writer, 0, span.epoch, ROWS_MAX,
				     1 << 30, note_row, &d->log, &span),
		    ERR_OK);
}

/* Three rows, one of them without an id. */
static void
append(struct desk *d)
{
	const struct update anonymous = { .topics = slice_of("t") };
	const struct update *list = &anonymous;

	assert_int_equal(queue_room_put(d->writer, "a"), ERR_OK);
	assert_int_equal(queue_append(d->writer, &list, 1, NULL), ERR_OK);
	assert_int_equal(queue_room_put(d->writer, "b"), ERR_OK);
	read_log(d);
}

static void
starts_or_fails_without_memory(void **state)
{
	struct desk *d = *state;
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct problem p = { "" };
		enum err e;

		mem_fail_at(n);
		e = start(d, &p);
		failed = mem_failed();
		mem_fail_at(0);
		/* A block that does not shrink does no harm. */
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		assert_int_equal(d->tailer == NULL, e != ERR_OK);
		assert_int_equal(p.text[0] == '\0', e == ERR_OK);
		if (e != ERR_OK)
			assert_int_equal(start(d, &p), ERR_OK);
		stop(d);
	}
}

static void
fails_without_a_thread(void **state)
{
	struct desk *d = *state;
	struct problem p = { "" };

	mem_fail_stacks(true);
	assert_int_equal(start(d, &p), ERR_NOMEM);
	mem_fail_stacks(false);
	assert_null(d->tailer);
	assert_string_equal(p.text, "No thread to read the queue.");
	/* As the hub does at its end: nothing of the tailer's is left. */
	loop_empty(d->loop);
	assert_false(d->started);
	assert_int_equal(start(d, &p), ERR_OK);
	stop(d);
}

/* Run until `p` is as long as the log; true: an allocation failed. */
static bool
gather(struct desk *d, const struct positions *p, long fail_at)
{
	bool failed;

	mem_fail_at(fail_at);
	queue_wake(d->writer);
	while (p->n < d->log.n) {
		d->in_turn = 0;
		loop_run(d->loop);
		assert_true(d->in_turn <= IN_FLIGHT);
	}
	failed = mem_failed();
	mem_fail_at(0);
	expect_all(p, &d->log);
	return failed;
}

static void
loses_nothing_without_memory(void **state)
{
	struct desk *d = *state;
	struct problem p;
	bool failed = true;

	assert_int_equal(start(d, &p), ERR_OK);
	d->ring.fire = ring;
	ring(&d->ring);
	for (long n = 1; failed; n++) {
		append(d);
		failed = gather(d, &d->live, n);
	}
	failed = true;
	for (long n = 1; failed; n++) {
		d->replayed.n = 0;
		tailer_ask(d->tailer, 0);
		failed = gather(d, &d->replayed, n);
	}
	loop_timer_stop(d->loop, &d->ring);
	stop(d);
}

/* However much there is to read, live or again, a batch is some of it. */
static void
reads_in_bounded_batches(void **state)
{
	static char large[BATCH_BYTES_MAX / 3];
	const struct update small = { .topics = slice_of("t") };
	const struct update big = { .topics = slice_of("t"),
		.data = { large, sizeof(large) } };
	const struct update *list[ROWS_MAX - 1];
	struct desk *d = *state;
	struct problem p;
	size_t i;

	memset(large, 'x', sizeof(large));
	for (i = 0; i < ROWS_MAX - 1; i++)
		list[i] = i % 50 < 8 ? &big : &small;
	assert_int_equal(start(d, &p), ERR_OK);
	assert_int_equal(queue_append(d->writer, list, i, NULL), ERR_OK);
	read_log(d);
	gather(d, &d->live, 0);
	d->replayed.n = 0;
	tailer_ask(d->tailer, 0);
	gather(d, &d->replayed, 0);
	stop(d);
}

static void
reports_changes_before_events(void **state)
{
	struct session_wish w = {
		.topics = slice_of("t"), .until_ms = INT64_MAX, .topics_max = 1
	};
	struct desk *d = *state;
	struct problem p;

	assert_int_equal(start(d, &p), ERR_OK);
	for (int i = 0; i < 100; i++) {
		w.key.digest[0] = (uint8_t)i;
		assert_int_equal(
		    queue_session_grant(d->writer, &w, &p), ERR_OK);
		append(d);
		d->replayed.n = 0;
		tailer_ask(d->tailer, 0);
		gather(d, &d->replayed, 0);
		gather(d, &d->live, 0);
	}
	assert_int_equal(d->changes, 100);
	stop(d);
}

/* Far more than one batch takes. */
static void
reports_many_changes(void **state)
{
	struct session_wish w = {
		.topics = slice_of("t"), .until_ms = INT64_MAX, .topics_max = 1
	};
	struct desk *d = *state;
	struct problem p;

	assert_int_equal(start(d, &p), ERR_OK);
	for (int i = 0; i < 3 * SESSION_CHANGES_MAX; i++) {
		w.key.digest[0] = (uint8_t)i;
		w.key.digest[1] = (uint8_t)(i >> 8);
		assert_int_equal(
		    queue_session_grant(d->writer, &w, &p), ERR_OK);
	}
	append(d);
	gather(d, &d->live, 0);
	assert_int_equal(d->changes, 3 * SESSION_CHANGES_MAX);
	stop(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(starts_or_fails_without_memory),
		TEST(fails_without_a_thread),
		TEST(loses_nothing_without_memory),
		TEST(reads_in_bounded_batches),
		TEST(reports_changes_before_events),
		TEST(reports_many_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
