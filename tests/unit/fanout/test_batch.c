/* SPDX-License-Identifier: MIT */
/* test_batch.c - a batch goes back with all it holds, once. */
#include "unit/unit.h"

#include "fanout/batch.h"
#include "fanout/effort.h"
#include "unit/mem_fail.h"

static void
count(void *owner)
{
	++*(int *)owner;
}

static void
goes_back_once(void **state)
{
	struct frame *f = frame_new(FRAMING_RAW, slice_of("x"));
	struct batch *b = batch_new();
	int times = 0;

	(void)state;
	assert_non_null(f);
	assert_non_null(b);
	b->frames[b->n++] = frame_ref(f);
	b->owner = &times;
	b->done = count;
	batch_done(b);
	assert_int_equal(times, 1);
	assert_int_equal(f->refs, 1);
	frame_unref(f);
	batch_done(NULL);
	batch_done(batch_new());
}

static void
without_memory(void **state)
{
	(void)state;
	mem_fail_at(1);
	assert_null(batch_new());
	mem_fail_at(0);
}

/* Another turn of the loop, or a posted turn, has its full effort. */
static void
effort_is_of_a_round(void **state)
{
	struct effort e;

	(void)state;
	effort_init(&e, 0, 7);
	assert_true(effort_is_left(&e, 7));
	e.steps = EFFORT_TURN - 1;
	assert_true(effort_is_left(&e, 7));
	e.steps++;
	assert_false(effort_is_left(&e, 7));
	assert_true(effort_is_left(&e, 8));
	e.steps = EFFORT_TURN;
	assert_false(effort_is_left(&e, 8));
	effort_refill(&e, 8);
	assert_true(effort_is_left(&e, 8));
}

/* Rounds of `steps` each millisecond for ten seconds: what is reported. */
static unsigned
report_after(struct effort *e, int64_t *now_ms, size_t steps)
{
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(effort_report(e, *now_ms), 0);
		effort_refill(e, ++*now_ms);
		e->steps = steps;
	}
	return effort_report(e, *now_ms);
}

static void
much_effort_is_reported_once_a_minute(void **state)
{
	struct effort e;
	int64_t now_ms = 5;

	(void)state;
	effort_init(&e, 0, now_ms);
	assert_int_equal(report_after(&e, &now_ms, 100000), 0);
	assert_in_range(report_after(&e, &now_ms, 500000), 45, 55);
	for (int i = 0; i < 5; i++)
		assert_int_equal(report_after(&e, &now_ms, 500000), 0);
	assert_in_range(report_after(&e, &now_ms, 500000), 45, 55);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_back_once),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(effort_is_of_a_round),
		cmocka_unit_test(much_effort_is_reported_once_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
