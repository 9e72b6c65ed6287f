/* SPDX-License-Identifier: MIT */
/* test_sse.c - event streams whole, in pieces, and without memory. */
#include "unit/unit.h"

#include "base/buf.h"
#include "text/sse.h"
#include "unit/mem_fail.h"

#define SIZE_MAX_TEST 64
#define ABSENT 77

/* Each event as [id|type|data]; a NUL in it is shown as 0. */
static void
note(void *arg, const struct sse_event *e)
{
	struct buf *out = arg;

	buf_byte(out, '[');
	buf_slice(out, e->id);
	buf_byte(out, '|');
	buf_slice(out, e->type);
	buf_byte(out, '|');
	for (size_t i = 0; i < e->data.len; i++)
		buf_byte(out, e->data.base[i] != '\0' ? e->data.base[i] : '0');
	buf_byte(out, ']');
}

#define TEXT(literal) literal, sizeof(literal) - 1

static const struct {
	const char *name, *text;
	size_t len;
	const char *want, *last_id;
	uint32_t retry_ms;
} rows[] = {
	{ "nothing", TEXT(""), "", "", ABSENT },
	{ "data", TEXT("data: x\n\n"), "[||x]", "", ABSENT },
	{ "all fields", TEXT("id: 1\nevent: t\nretry: 5\ndata: x\n\n"),
	    "[1|t|x]", "1", 5 },
	{ "lines", TEXT("data: a\ndata: b\n\n"), "[||a\nb]", "", ABSENT },
	{ "no blank behind the colon", TEXT("data:x\nid:1\n\n"), "[1||x]", "1",
	    ABSENT },
	{ "one blank of two", TEXT("data:  x \n\n"), "[|| x ]", "", ABSENT },
	{ "no colon", TEXT("data\n\n"), "[||]", "", ABSENT },
	{ "two empty lines", TEXT("data\ndata\n\n"), "[||\n]", "", ABSENT },
	{ "a colon in it", TEXT("data: a: b\n\n"), "[||a: b]", "", ABSENT },
	{ "CR", TEXT("data: x\r\r"), "[||x]", "", ABSENT },
	{ "CRLF", TEXT("data: x\r\n\r\n"), "[||x]", "", ABSENT },
	{ "LF, CR", TEXT("data: x\n\r"), "[||x]", "", ABSENT },
	{ "all three", TEXT("data: a\rdata: b\ndata: c\r\n\n"), "[||a\nb\nc]",
	    "", ABSENT },
	{ "comment", TEXT(": x\ndata: y\n:\n\n"), "[||y]", "", ABSENT },
	{ "not whole", TEXT("data: x\n"), "", "", ABSENT },
	{ "an id that is not whole", TEXT("id: 1\n\nid: 2\n"), "", "1",
	    ABSENT },
	{ "an id without data", TEXT("id: #a\n\n"), "", "#a", ABSENT },
	{ "the id stays", TEXT("id: 1\n\ndata: x\n\n"), "[1||x]", "1", ABSENT },
	{ "the id is taken back", TEXT("id: 1\n\nid\ndata: x\n\n"), "[||x]", "",
	    ABSENT },
	{ "NUL in an id", TEXT("id: 1\nid: a\0b\ndata: x\n\n"), "[1||x]", "1",
	    ABSENT },
	{ "NUL in data", TEXT("data: a\0b\n\n"), "[||a0b]", "", ABSENT },
	{ "the type does not stay",
	    TEXT("event: t\n\ndata: x\n\nevent: u\ndata: y\n\n"), "[||x][|u|y]",
	    "", ABSENT },
	{ "retry", TEXT("retry: 007\n\n"), "", "", 7 },
	{ "retry without a blank line", TEXT("retry: 7\n"), "", "", 7 },
	{ "retry, not a number", TEXT("retry: 7\nretry: 7s\nretry: -1\n"), "",
	    "", 7 },
	{ "retry, empty", TEXT("retry:\nretry\n"), "", "", ABSENT },
	{ "retry, far too long", TEXT("retry: 99999999999999999999\n"), "", "",
	    86400000 },
	{ "a field nobody knows", TEXT("datum: x\nDATA: x\n data: x\n\n"), "",
	    "", ABSENT },
	{ "BOM",
	    TEXT("\xef\xbb\xbf"
		 "data: x\n\n"),
	    "[||x]", "", ABSENT },
	{ "BOM twice",
	    TEXT("\xef\xbb\xbf\xef\xbb\xbf"
		 "data: x\n\n"),
	    "", "", ABSENT },
	{ "BOM later",
	    TEXT("\n\xef\xbb\xbf"
		 "data: x\n\n"),
	    "", "", ABSENT },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void
expect(size_t i, size_t piece)
{
	struct slice rest = { rows[i].text, rows[i].len };
	struct sse *s = NULL;
	struct buf got;

	buf_init(&got, 4096);
	assert_int_equal(sse_new(&s, SIZE_MAX_TEST, note, &got), ERR_OK);
	while (rest.len > 0) {
		size_t n = rest.len < piece ? rest.len : piece;

		assert_int_equal(
		    sse_feed(s, (struct slice){ rest.base, n }), ERR_OK);
		rest = slice_after(rest, n);
	}
	if (!slice_is(buf_view(&got), rows[i].want))
		fail_msg("%s in pieces of %zu: %.*s", rows[i].name, piece,
		    SLICE_ARG(buf_view(&got)));
	if (!slice_is(sse_last_id(s), rows[i].last_id) ||
	    sse_retry_ms(s, ABSENT) != rows[i].retry_ms)
		fail_msg(
		    "%s in pieces of %zu: id or retry", rows[i].name, piece);
	sse_free(s);
	buf_free(&got);
}

static void
test_streams(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		for (size_t piece = 1; piece <= rows[i].len + 1; piece++)
			expect(i, piece);
	sse_free(NULL);
}

/* An id too long for a header goes with its event; the last one stays. */
static void
test_long_ids(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		bool stays;
	} cases[] = {
		{ "as long as can be", SSE_LAST_ID_MAX, false },
		{ "a byte more", SSE_LAST_ID_MAX + 1, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const size_t len = cases[i].len;
		struct sse *s = NULL;
		struct buf text, got;

		buf_init(&text, 2 * SSE_LAST_ID_MAX);
		buf_init(&got, 2 * SSE_LAST_ID_MAX);
		buf_text(&text, "id: 1\n\nid: ");
		for (size_t n = 0; n < len; n++)
			buf_byte(&text, 'x');
		buf_text(&text, "\ndata: y\n\n");
		assert_int_equal(
		    sse_new(&s, 2 * SSE_LAST_ID_MAX, note, &got), ERR_OK);
		assert_int_equal(sse_feed(s, buf_view(&text)), ERR_OK);
		if (got.len != strlen("[||y]") + len)
			fail_msg("%s: the event has its id", cases[i].name);
		if (slice_is(sse_last_id(s), "1") != cases[i].stays)
			fail_msg("%s: the last id", cases[i].name);
		sse_restart(s);
		if (slice_is(sse_last_id(s), "1") != cases[i].stays)
			fail_msg("%s: the next stream", cases[i].name);
		sse_free(s);
		buf_free(&text);
		buf_free(&got);
	}
}

/* A stream that breaks off, and the next one. */
static void
test_restart(void **state)
{
	struct sse *s = NULL;
	struct buf got;

	(void)state;
	buf_init(&got, 4096);
	assert_int_equal(sse_new(&s, SIZE_MAX_TEST, note, &got), ERR_OK);
	assert_int_equal(sse_feed(s, slice_of("id: 1\nretry: 5\ndata: a\n\n"
					      "id: 2\nevent: t\ndata: b\r")),
	    ERR_OK);
	sse_restart(s);
	assert_int_equal(sse_feed(s, slice_of("\xef\xbb\xbf"
					      "data: c\n\n")),
	    ERR_OK);
	assert_true(slice_is(buf_view(&got), "[1||a][1||c]"));
	assert_true(slice_is(sse_last_id(s), "1"));
	assert_int_equal(sse_retry_ms(s, ABSENT), 5);
	sse_free(s);
	buf_free(&got);
}

#define X16 "0123456789abcdef"

static const struct {
	const char *name, *text;
	enum err want;
} limits[] = {
	{ "a line as long as it may be", "data: " X16 X16 X16 "0123456789\n",
	    ERR_OK },
	{ "a byte more", "data: " X16 X16 X16 "0123456789x\n", ERR_LIMIT },
	{ "a comment", ":" X16 X16 X16 X16 "\n", ERR_LIMIT },
	{ "without an end", "data: " X16 X16 X16 X16, ERR_LIMIT },
	{ "lines of data", "data: " X16 X16 "\ndata: " X16 X16 "\n",
	    ERR_LIMIT },
	{ "events", "data: " X16 X16 "\n\ndata: " X16 X16 "\n\n", ERR_OK },
};

static void
test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct sse *s = NULL;
		struct buf got;
		enum err e;

		buf_init(&got, 4096);
		assert_int_equal(
		    sse_new(&s, SIZE_MAX_TEST, note, &got), ERR_OK);
		if ((e = sse_feed(s, slice_of(limits[i].text))) !=
		    limits[i].want)
			fail_msg("%s: %s", limits[i].name, err_text(e));
		sse_free(s);
		buf_free(&got);
	}
}

static void
count(void *arg, const struct sse_event *e)
{
	(void)e;
	++*(size_t *)arg;
}

static void
test_without_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct sse *untouched = (struct sse *)&failed, *s = untouched;
		size_t events = 0;
		enum err e;

		mem_fail_at(n);
		if ((e = sse_new(&s, SIZE_MAX_TEST, count, &events)) == ERR_OK)
			e = sse_feed(s,
			    slice_of("id: 1\nevent: t\ndata: a\ndata: b\n\n"));
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		assert_int_equal(events, failed ? 0 : 1);
		if (s != untouched)
			sse_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_long_ids),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
