/* SPDX-License-Identifier: MIT */
/* test_processes.c - many processes on one queue, some of which die. */
#include "unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit/queue_room.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The queue does not exist yet, and each process may create it. */
static void
test_fifty_start_at_once(void **state)
{
	struct queue_room *r = *state;
	pid_t pids[50];
	uint64_t at;
	struct queue *q;

	for (int i = 0; i < (int)COUNT(pids); i++)
		pids[i] = queue_room_start(r, queue_room_put_one, i);
	for (size_t i = 0; i < COUNT(pids); i++)
		assert_int_equal(queue_room_wait(pids[i]), ERR_OK);
	q = queue_room_open(r, QUEUE_READ);
	assert_int_equal(queue_room_tail(q, &at), ERR_OK);
	assert_int_equal(at, COUNT(pids));
	queue_close(q);
}

enum { WRITERS = 4, APPENDS = 500 };

static int
append_many(const struct queue_room *r, int writer)
{
	struct queue *q = queue_room_open(r, QUEUE_WRITE);
	char id[32];

	for (int i = 0; i < APPENDS; i++) {
		snprintf(id, sizeof(id), "%d:%d", writer, i);
		if (queue_room_put(q, id) != ERR_OK)
			return 1;
		queue_wake(q);
	}
	queue_close(q);
	return 0;
}

struct seen {
	int next[WRITERS];
	size_t rows;
	uint64_t last;
};

static void
check_order(void *arg, uint64_t at, const struct update *u)
{
	struct seen *s = arg;
	char id[32];
	int writer, i;

	snprintf(id, sizeof(id), "%.*s", SLICE_ARG(u->id));
	assert_int_equal(sscanf(id, "%d:%d", &writer, &i), 2);
	assert_in_range(writer, 0, WRITERS - 1);
	assert_int_equal(i, s->next[writer]);
	assert_true(at > s->last);
	s->next[writer]++;
	s->last = at;
	s->rows++;
}

/* A reader gets each update once and in order while others write. */
static void
test_writers_and_a_reader(void **state)
{
	struct queue_room *r = *state;
	struct queue *q = queue_room_open(r, QUEUE_READ);
	struct queue_span span = { 0 };
	struct seen seen = { { 0 }, 0, 0 };
	pid_t pids[WRITERS];

	for (int i = 0; i < WRITERS; i++)
		pids[i] = queue_room_start(r, append_many, i);
	while (seen.rows < (size_t)WRITERS * APPENDS) {
		assert_int_equal(queue_read(q, span.next, span.epoch, 100,
				     1 << 18, check_order, &seen, &span),
		    ERR_OK);
		if (span.rows == 0)
			queue_wait(q, 1000);
	}
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(queue_room_wait(pids[i]), 0);
	queue_close(q);
}

/* Appends until it is killed; each acknowledged number goes into the pipe. */
static int acknowledge_to;

static int
append_until_killed(const struct queue_room *r, int first)
{
	struct queue *q = queue_room_open(r, QUEUE_WRITE);

	for (int i = first;; i++) {
		char id[32];

		snprintf(id, sizeof(id), "%d", i);
		if (queue_room_put(q, id) != ERR_OK ||
		    write(acknowledge_to, &i, sizeof(i)) != sizeof(i))
			return 1;
	}
}

struct numbers {
	int *list;
	size_t count, room;
};

static void
add_number(void *arg, uint64_t at, const struct update *u)
{
	struct numbers *n = arg;
	char id[32];

	(void)at;
	snprintf(id, sizeof(id), "%.*s", SLICE_ARG(u->id));
	assert_true(n->count < n->room);
	n->list[n->count++] = (int)strtol(id, NULL, 10);
}

static void
test_killed_writers(void **state)
{
	enum { ROUNDS = 150, AT_ONCE = 2, ROOM = 1 << 20 };
	struct queue_room *r = *state;
	struct numbers in_log = { malloc(ROOM * sizeof(int)), 0, ROOM };
	struct queue_span span = { 0 };
	int acknowledged[2], number, last = -1;
	size_t found = 0, acknowledgements = 0;
	struct queue *q;
	char *is_in_log = calloc(ROUNDS * AT_ONCE, 1 << 16);

	assert_non_null(in_log.list);
	assert_non_null(is_in_log);
	assert_int_equal(pipe(acknowledged), 0);
	assert_true(fcntl(acknowledged[0], F_SETPIPE_SZ, 1 << 20) > 0);
	acknowledge_to = acknowledged[1];
	q = queue_room_open(r, QUEUE_READ);
	for (int round = 0; round < ROUNDS; round++) {
		pid_t pids[AT_ONCE];

		for (int i = 0; i < AT_ONCE; i++)
			pids[i] = queue_room_start(r, append_until_killed,
			    (round * AT_ONCE + i) << 16);
		/* Some processes have begun to write, or one has not yet. */
		assert_int_equal(read(acknowledged[0], &number, sizeof(number)),
		    sizeof(number));
		is_in_log[number] = 2;
		usleep((useconds_t)(random() % 2000));
		for (int i = 0; i < AT_ONCE; i++)
			kill(pids[i], SIGKILL);
		for (int i = 0; i < AT_ONCE; i++)
			assert_int_equal(
			    queue_room_wait(pids[i]), 1000 + SIGKILL);
	}
	close(acknowledged[1]);
	while (read(acknowledged[0], &number, sizeof(number)) > 0)
		is_in_log[number] = 2;
	do
		assert_int_equal(queue_read(q, span.next, span.epoch, 1000,
				     1 << 20, add_number, &in_log, &span),
		    ERR_OK);
	while (span.rows > 0 || in_log.count == 0);
	for (size_t i = 0; i < in_log.count; i++) {
		assert_int_not_equal(in_log.list[i], last);
		last = in_log.list[i];
		if (is_in_log[last] == 2)
			found++;
		is_in_log[last] |= 1;
	}
	for (size_t i = 0; i < (size_t)ROUNDS * AT_ONCE << 16; i++)
		acknowledgements += (is_in_log[i] & 2) != 0;
	assert_true(acknowledgements >= ROUNDS);
	assert_int_equal(found, acknowledgements);
	queue_close(q);
	close(acknowledged[0]);
	free(in_log.list);
	free(is_in_log);
}

static int
run(const char *backend)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_fifty_start_at_once),
		QUEUE_ROOM_TEST(test_writers_and_a_reader),
		QUEUE_ROOM_TEST(test_killed_writers),
	};

	return cmocka_run_group_tests_name(backend, tests, NULL, NULL);
}

int
main(void)
{
	return queue_room_each(run);
}
