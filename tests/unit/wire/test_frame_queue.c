/* SPDX-License-Identifier: MIT */
/* test_frame_queue.c - frames that wait for one peer: order, memory, cuts. */
#include "unit/unit.h"

#include <sys/uio.h>

#include "unit/mem_fail.h"
#include "wire/frame_queue.h"

static void
push(struct frame_queue *q, const char *text, uint64_t at, size_t *held)
{
	struct frame *f = frame_new(FRAMING_RAW, slice_of(text));

	assert_non_null(f);
	f->at = at;
	assert_true(frame_queue_push(q, f, held));
}

static void
expect_parts(const struct frame_queue *q, const char *text)
{
	struct iovec iov[FRAME_QUEUE_MAX];
	const int n = frame_queue_iov(q, iov);
	size_t at = 0;

	for (int i = 0; i < n; i++) {
		assert_memory_equal(text + at, iov[i].iov_base, iov[i].iov_len);
		at += iov[i].iov_len;
	}
	assert_int_equal(at, strlen(text));
}

static void
keeps_frames_in_order(void **state)
{
	struct frame_queue q = { .n = 0 };
	size_t held = 0;

	(void)state;
	push(&q, "one", 1, &held);
	push(&q, "two", 2, &held);
	push(&q, "three", 3, &held);
	assert_int_equal(q.bytes, 11);
	expect_parts(&q, "onetwothree");
	frame_queue_written(&q, 4, &held);
	expect_parts(&q, "wothree");
	assert_int_equal(q.sent, 1);
	frame_queue_written(&q, 7, &held);
	assert_int_equal(q.n, 0);
	assert_int_equal(q.bytes, 0);
	assert_int_equal(held, 0);
	frame_queue_free(&q, &held);
}

/* It never moves a pointer to a place outside of its array. */
static void
wraps_around_for_long(void **state)
{
	struct frame_queue q = { .n = 0 };
	size_t held = 0;

	(void)state;
	push(&q, "x", 1, &held);
	for (int i = 0; i < 1000; i++) {
		push(&q, "y", 1, &held);
		frame_queue_written(&q, 1, &held);
		expect_parts(&q, "y");
	}
	while (q.n < FRAME_QUEUE_MAX)
		push(&q, "y", 1, &held);
	frame_queue_free(&q, &held);
	assert_int_equal(held, 0);
}

static void
counts_a_shared_frame_once(void **state)
{
	struct frame_queue a = { .n = 0 }, b = { .n = 0 };
	struct frame *f = frame_new(FRAMING_RAW, slice_of("shared"));
	size_t held = 0;

	(void)state;
	assert_true(frame_queue_push(&a, frame_ref(f), &held));
	assert_true(frame_queue_push(&b, frame_ref(f), &held));
	assert_int_equal(held, frame_size(f));
	frame_queue_free(&a, &held);
	assert_int_equal(held, frame_size(f));
	frame_queue_free(&b, &held);
	assert_int_equal(held, 0);
	assert_int_equal(f->refs, 1);
	frame_unref(f);
}

static void
cuts_behind_what_was_begun(void **state)
{
	struct frame_queue q = { .n = 0 };
	size_t held = 0;

	(void)state;
	push(&q, "head", 0, &held);
	push(&q, "one", 7, &held);
	push(&q, "two", 8, &held);
	frame_queue_written(&q, 2, &held);
	assert_int_equal(frame_queue_cut(&q, &held), 7);
	expect_parts(&q, "ad");
	frame_queue_written(&q, 2, &held);
	push(&q, "three", 9, &held);
	assert_int_equal(frame_queue_cut(&q, &held), 9);
	assert_int_equal(q.n, 0);
	assert_int_equal(frame_queue_cut(&q, &held), 0);
	assert_int_equal(held, 0);
	frame_queue_free(&q, &held);
}

static void
without_memory(void **state)
{
	struct frame_queue q = { .n = 0 };
	struct frame *f = frame_new(FRAMING_RAW, slice_of("x"));
	size_t held = 0;

	(void)state;
	mem_fail_at(1);
	assert_false(frame_queue_push(&q, f, &held));
	mem_fail_at(0);
	assert_int_equal(q.n + q.bytes + held, 0);
	assert_int_equal(f->refs, 1);
	frame_unref(f);
	frame_queue_free(&q, &held);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_frames_in_order),
		cmocka_unit_test(wraps_around_for_long),
		cmocka_unit_test(counts_a_shared_frame_once),
		cmocka_unit_test(cuts_behind_what_was_begun),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
