/* SPDX-License-Identifier: MIT */
/* test_ring.c - the ring against a plain array that forgets nothing. */
#include "unit/unit.h"

#include <stdlib.h>

#include "fanout/ring.h"
#include "unit/mem_fail.h"

#define STEPS 4000

/* All that was ever added, and which of it is still there. */
struct model {
	struct frame *all[STEPS];
	size_t first, next, bytes;
	uint64_t floor;
};

static struct frame *
event(uint64_t seq, size_t size)
{
	static char payload[512];
	struct frame *f =
	    frame_new(FRAMING_RAW, (struct slice){ payload, size });

	assert_non_null(f);
	f->at = seq;
	return f;
}

static void
model_drop(struct model *m)
{
	struct frame *f = m->all[m->first++];

	m->bytes -= f->len;
	m->floor = f->at;
}

static void
model_add(struct model *m, struct frame *f, size_t bytes_max)
{
	m->all[m->next++] = f;
	m->bytes += f->len;
	while (m->bytes > bytes_max && m->next - m->first > 1)
		model_drop(m);
}

static void
model_trim(struct model *m, uint64_t floor)
{
	while (m->first < m->next && m->all[m->first]->at <= floor)
		model_drop(m);
}

/* From `at` on, the ring gives what the model has, and nothing else. */
static void
compare_from(const struct ring *r, const struct model *m, uint64_t at)
{
	uint64_t number = ring_after(r, at);
	size_t i;

	for (i = m->first; i < m->next; i++)
		if (m->all[i]->at > at)
			assert_ptr_equal(ring_get(r, number++), m->all[i]);
	assert_null(ring_get(r, number));
	assert_null(ring_get(r, number + 1));
}

static void
compare(const struct ring *r, const struct model *m, uint64_t seq)
{
	size_t i;

	assert_int_equal(ring_floor(r), m->floor);
	compare_from(r, m, m->floor);
	compare_from(r, m, seq);
	if (seq > m->floor)
		compare_from(
		    r, m, m->floor + (uint64_t)rand() % (seq - m->floor));
	for (i = 0; i < m->next; i++)
		assert_int_equal(m->all[i]->refs, i < m->first ? 1 : 2);
}

static void
behaves_like_its_model(void **state)
{
	static struct model m;
	struct ring *r = NULL;
	uint64_t seq = 1;
	size_t i;

	(void)state;
	srand(1);
	assert_int_equal(ring_new(&r), ERR_OK);
	compare(r, &m, seq);
	while (m.next < STEPS) {
		size_t max = (size_t)rand() % 40 == 0 ? 0 : 60000;
		struct frame *f;

		/* The log's numbers have gaps. */
		seq += 1 + (uint64_t)rand() % 3;
		f = event(seq, 1 + (size_t)rand() % 400);
		/* Now and then it grows far, so that its array does. */
		ring_add(r, f, m.next > 1000 && m.next < 3000 ? SIZE_MAX : max);
		model_add(
		    &m, f, m.next > 1000 && m.next < 3000 ? SIZE_MAX : max);
		if (rand() % 100 == 0) {
			uint64_t floor = seq - (uint64_t)rand() % 30;

			ring_trim(r, floor);
			model_trim(&m, floor);
		}
		if (rand() % 20 == 0 || m.next == STEPS)
			compare(r, &m, seq);
	}
	ring_reset(r, 5);
	while (m.first < m.next)
		model_drop(&m);
	m.floor = 5;
	compare(r, &m, 5);
	ring_free(r);
	for (i = 0; i < m.next; i++) {
		assert_int_equal(m.all[i]->refs, 1);
		frame_unref(m.all[i]);
	}
}

static void
keeps_the_newest_whatever_its_size(void **state)
{
	struct frame *a = event(1, 400), *b = event(2, 400);
	struct ring *r = NULL;

	(void)state;
	assert_int_equal(ring_new(&r), ERR_OK);
	ring_add(r, a, 10);
	assert_int_equal(a->refs, 2);
	assert_int_equal(ring_floor(r), 0);
	ring_add(r, b, 10);
	assert_int_equal(a->refs, 1);
	assert_int_equal(b->refs, 2);
	assert_int_equal(ring_floor(r), 1);
	ring_free(r);
	ring_free(NULL);
	frame_unref(a);
	frame_unref(b);
}

/* Without memory it may forget, but never leave a gap. */
static void
without_memory(void **state)
{
	struct ring *r = NULL;
	uint64_t seq;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(ring_new(&r), ERR_NOMEM);
	assert_null(r);
	mem_fail_at(0);
	assert_int_equal(ring_new(&r), ERR_OK);
	for (seq = 1; seq < 600; seq++) {
		struct frame *f = event(seq, 10);
		uint64_t number;

		mem_fail_at(1);
		ring_add(r, f, SIZE_MAX);
		if (mem_failed())
			assert_int_equal(ring_floor(r), seq);
		mem_fail_at(0);
		if (seq % 256 == 0) {
			/* Let it grow this time. */
			ring_reset(r, seq - 1);
			ring_add(r, f, SIZE_MAX);
		}
		number = ring_after(r, ring_floor(r));
		if (ring_floor(r) < seq)
			assert_int_equal(
			    ring_get(r, number)->at, ring_floor(r) + 1);
		frame_unref(f);
	}
	ring_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaves_like_its_model),
		cmocka_unit_test(keeps_the_newest_whatever_its_size),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
