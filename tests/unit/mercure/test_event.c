/* SPDX-License-Identifier: MIT */
/* test_event.c - a reader gets back the fields that the writer was given. */
#include "unit/unit.h"

#include <stdlib.h>

#include "mercure/event.h"
#include "unit/event_reader.h"
#include "unit/mem_fail.h"

static const struct {
	const char *name, *id, *type, *data;
	bool has_retry;
	uint32_t retry_ms;
	const char *want;
} cases[] = {
	{ "plain", "1", NULL, "hello", false, 0, "id: 1\ndata: hello\n\n" },
	{ "all fields", "1", "t", "x", true, 1500,
	    "id: 1\nevent: t\nretry: 1500\ndata: x\n\n" },
	{ "no data", "1", NULL, NULL, false, 0, "id: 1\ndata: \n\n" },
	{ "empty data", "1", NULL, "", false, 0, "id: 1\ndata: \n\n" },
	{ "LF", "1", NULL, "a\nb", false, 0, "id: 1\ndata: a\ndata: b\n\n" },
	{ "CR", "1", NULL, "a\rb", false, 0, "id: 1\ndata: a\ndata: b\n\n" },
	{ "CRLF", "1", NULL, "a\r\nb", false, 0,
	    "id: 1\ndata: a\ndata: b\n\n" },
	{ "LF CR are two", "1", NULL, "a\n\rb", false, 0,
	    "id: 1\ndata: a\ndata: \ndata: b\n\n" },
	{ "CR CRLF are two", "1", NULL, "a\r\r\nb", false, 0,
	    "id: 1\ndata: a\ndata: \ndata: b\n\n" },
	{ "trailing LF", "1", NULL, "a\n", false, 0,
	    "id: 1\ndata: a\ndata: \n\n" },
	{ "trailing CR", "1", NULL, "a\r", false, 0,
	    "id: 1\ndata: a\ndata: \n\n" },
	{ "only LF", "1", NULL, "\n", false, 0, "id: 1\ndata: \ndata: \n\n" },
	{ "only CRLF twice", "1", NULL, "\r\n\r\n", false, 0,
	    "id: 1\ndata: \ndata: \ndata: \n\n" },
	{ "no other line end", "1", NULL, "a\v\f\xc2\x85\xe2\x80\xa8z", false,
	    0, "id: 1\ndata: a\v\f\xc2\x85\xe2\x80\xa8z\n\n" },
	{ "a blank in front stays", "1", NULL, " a", false, 0,
	    "id: 1\ndata:  a\n\n" },
	{ "data that looks like a field", "1", NULL, "id: 2\n:", false, 0,
	    "id: 1\ndata: id: 2\ndata: :\n\n" },
	{ "retry zero", "1", NULL, "x", true, 0,
	    "id: 1\nretry: 0\ndata: x\n\n" },
};

static void
encodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct update u = {
			.id = slice_of(cases[i].id),
			.type = slice_of(cases[i].type),
			.data = slice_of(cases[i].data),
			.has_retry = cases[i].has_retry,
			.retry_ms = cases[i].retry_ms,
		};
		struct buf b;

		buf_init(&b, 1024);
		event_encode(&b, &u);
		if (b.err != ERR_OK || !slice_is(buf_view(&b), cases[i].want))
			fail_msg("%s: got %.*s", cases[i].name,
			    SLICE_ARG(buf_view(&b)));
		buf_free(&b);
	}
}

static void
writes_frames_without_data(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	event_comment(&b);
	assert_true(slice_is(buf_view(&b), ":\n\n"));
	buf_clear(&b);
	event_retry(&b, 3000);
	assert_true(slice_is(buf_view(&b), "retry: 3000\n\n"));
	buf_clear(&b);
	event_cursor(&b, slice_of("#AbC"));
	assert_true(slice_is(buf_view(&b), "id: #AbC\n\n"));
	buf_free(&b);
}

static void
random_text(char *out, const char *alphabet, size_t max)
{
	size_t i, n = (size_t)rand() % max;

	for (i = 0; i < n; i++)
		out[i] = alphabet[(size_t)rand() % strlen(alphabet)];
	out[n] = '\0';
}

static void
comes_back(void **state)
{
	(void)state;
	srand(7);
	for (int i = 0; i < 20000; i++) {
		char id[16], type[16], data[48];
		struct event_reader r;
		struct update u = { .has_retry = rand() % 2 == 0 };
		struct buf b, want;

		random_text(id, "ab: #\xc3\xa9", sizeof(id));
		random_text(type, "xy: \t", sizeof(type));
		random_text(data, "d: \r\n\r\n", sizeof(data));
		u.id = slice_of(id);
		u.type = slice_of(type);
		u.data = slice_of(data);
		u.retry_ms = (uint32_t)rand() % 1000000000;

		buf_init(&b, 4096);
		buf_init(&want, 4096);
		event_encode(&b, &u);
		event_reader_init(&r);
		event_reader_feed(&r, buf_view(&b));
		event_reader_normalize(&want, u.data);

		assert_int_equal(b.err, ERR_OK);
		assert_int_equal(r.events, 1);
		assert_int_equal(r.line.len, 0);
		assert_true(slice_is(buf_view(&r.id), id));
		assert_true(slice_is(buf_view(&r.type), type));
		assert_true(slice_eq(buf_view(&r.data), buf_view(&want)));
		assert_int_equal(r.has_retry, u.has_retry);
		assert_true(!u.has_retry || r.retry_ms == u.retry_ms);
		event_reader_free(&r);
		buf_free(&b);
		buf_free(&want);
	}
}

static void
fires_no_event_without_data(void **state)
{
	struct event_reader r;
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	event_comment(&b);
	event_retry(&b, 250);
	event_cursor(&b, slice_of("#X"));
	event_reader_init(&r);
	event_reader_feed(&r, buf_view(&b));
	assert_int_equal(r.events, 0);
	assert_true(slice_is(buf_view(&r.id), "#X"));
	assert_true(r.has_retry && r.retry_ms == 250);
	event_reader_free(&r);
	buf_free(&b);
}

static void
survives_no_memory(void **state)
{
	struct update u = { .id = slice_of("1"), .data = slice_of("a\nb") };
	long n = 0;

	(void)state;
	do {
		struct buf b;

		buf_init(&b, 100);
		mem_fail_at(++n);
		event_encode(&b, &u);
		assert_int_equal(b.err, mem_failed() ? ERR_NOMEM : ERR_OK);
		buf_free(&b);
	} while (mem_failed());
	mem_fail_at(0);
	assert_true(n > 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes),
		cmocka_unit_test(writes_frames_without_data),
		cmocka_unit_test(comes_back),
		cmocka_unit_test(fires_no_event_without_data),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
