/* SPDX-License-Identifier: MIT */
/* test_frame.c - framed bytes, their readers and references. */
#include "unit/unit.h"

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

/* In pieces that end anywhere, around the ends of records as well. */
static void
is_written_in_pieces(void **state)
{
	static const size_t pieces[] = { 1, 7, 8, 65527, 65528, 65529, 200000 };
	static char text[200000];
	char topics[] = "a\nb";

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct frame_writer w;
		struct frame *f = frame_begin(
		    &w, FRAMING_FCGI, sizeof(text), slice_of(topics));
		struct bytes_response r;
		size_t n;

		assert_non_null(f);
		for (size_t at = 0; at < sizeof(text); at += n) {
			n = sizeof(text) - at;
			n = n < pieces[i] ? n : pieces[i];
			frame_write(&w, (struct slice){ text + at, n });
		}
		assert_ptr_not_equal(f->topics.base, topics);
		assert_true(slice_is(f->topics, topics));
		assert_int_equal(frame_size(f), sizeof(*f) + f->len + 3);
		bytes_decode(&r, wire(f));
		assert_null(r.flaw);
		assert_int_equal(r.records, 4);
		assert_true(slice_eq(
		    buf_view(&r.out), (struct slice){ text, sizeof(text) }));
		buf_free(&r.out);
		frame_unref(f);
	}
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

/* A web server that numbers its requests gets its own copy. */
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
	struct frame_writer w;
	struct frame *f;

	(void)state;
	mem_fail_at(1);
	assert_null(frame_new(FRAMING_FCGI, slice_of("one")));
	mem_fail_at(1);
	assert_null(frame_begin(&w, FRAMING_FCGI, 3, slice_of("a")));
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
		cmocka_unit_test(is_written_in_pieces),
		cmocka_unit_test(counts_its_holders),
		cmocka_unit_test(is_copied_for_another_request),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
