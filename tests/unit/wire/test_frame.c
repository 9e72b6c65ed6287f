/* SPDX-License-Identifier: MIT */
/* test_frame.c - framed bytes: what is in them, who they are for, who holds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/fcgi_bytes.h"
#include "unit/mem_fail.h"
#include "wire/frame.h"

static struct slice
wire(const struct frame *f)
{
	return (struct slice){ (const char *)f->bytes, f->len };
}

static void
expect_records(const struct frame *f, uint16_t id, const char *text)
{
	struct bytes_response r;

	bytes_decode(&r, wire(f));
	assert_null(r.flaw);
	assert_int_equal(r.id, id);
	assert_true(slice_is(buf_view(&r.out), text));
	assert_false(r.out_ended);
	buf_free(&r.out);
}

static void
frames_by_kind(void **state)
{
	struct frame *f;

	(void)state;
	f = frame_new(FRAMING_FCGI, slice_of("one"));
	assert_int_equal(f->len, 8 + 3);
	expect_records(f, FRAME_ID, "one");
	assert_null(f->topics.base);
	frame_unref(f);

	f = frame_new(FRAMING_RAW, slice_of("one"));
	assert_true(slice_is(wire(f), "one"));
	frame_unref(f);

	f = frame_new(FRAMING_FCGI, slice_of(""));
	assert_int_equal(f->len, 0);
	frame_unref(f);
	frame_unref(NULL);
}

static void
event_keeps_what_it_is(void **state)
{
	char topics[] = "a\nb";
	const struct update u = {
		.topics = slice_of(topics), .private = true, .kind = UPDATE_HUB
	};
	struct frame *f;

	(void)state;
	f = frame_event(FRAMING_FCGI, slice_of("data: 1\n\n"), 4, &u);
	memset(topics, 'x', sizeof(topics) - 1);
	assert_true(slice_is(f->topics, "a\nb"));
	assert_int_equal(f->at, 4);
	assert_true(f->private);
	assert_int_equal(f->kind, UPDATE_HUB);
	expect_records(f, FRAME_ID, "data: 1\n\n");
	frame_unref(f);
}

static void
counts_its_holders(void **state)
{
	struct frame *f = frame_new(FRAMING_FCGI, slice_of("one"));

	(void)state;
	assert_ptr_equal(frame_ref(f), f);
	assert_ptr_equal(frame_for(f, FRAME_ID), f);
	assert_int_equal(f->refs, 3);
	frame_unref(f);
	frame_unref(f);
	expect_records(f, FRAME_ID, "one");
	frame_unref(f);
}

/* A web server that numbers its requests gets a copy of its own. */
static void
is_copied_for_another_request(void **state)
{
	struct frame *f = frame_new(FRAMING_FCGI, slice_of("one")), *copy;

	(void)state;
	copy = frame_for(f, 700);
	assert_ptr_not_equal(copy, f);
	expect_records(copy, 700, "one");
	expect_records(f, FRAME_ID, "one");
	frame_unref(f);
	expect_records(copy, 700, "one");
	frame_unref(copy);

	f = frame_new(FRAMING_RAW, slice_of("one"));
	copy = frame_for(f, 700);
	assert_ptr_equal(copy, f);
	frame_unref(f);
	frame_unref(copy);
}

static void
without_memory(void **state)
{
	const struct update u = { .topics = slice_of("a") };
	struct frame *f;

	(void)state;
	mem_fail_at(1);
	assert_null(frame_new(FRAMING_FCGI, slice_of("one")));
	mem_fail_at(1);
	assert_null(frame_event(FRAMING_FCGI, slice_of("one"), 1, &u));
	mem_fail_at(0);
	f = frame_new(FRAMING_FCGI, slice_of("one"));
	mem_fail_at(1);
	assert_null(frame_for(f, 2));
	mem_fail_at(0);
	assert_int_equal(f->refs, 1);
	frame_unref(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_by_kind),
		cmocka_unit_test(event_keeps_what_it_is),
		cmocka_unit_test(counts_its_holders),
		cmocka_unit_test(is_copied_for_another_request),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
