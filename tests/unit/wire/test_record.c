/* SPDX-License-Identifier: MIT */
/* test_record.c - which bytes make a request, and the bytes of an answer. */
#include "unit/unit.h"

#include "base/mem.h"
#include "unit/fcgi_bytes.h"
#include "unit/mem_fail.h"
#include "wire/record.h"

#define REQUEST_MAX ((size_t)1 << 20)
#define ID 7

static const char text[] = "0123456789";

/* In the rows below: what is sent behind one another. */
enum part {
	END_OF_PARTS,
	BEGIN,        /* of request ID */
	BEGIN_FILTER, /* with a role we do not play */
	BEGIN_ZERO,   /* with the id of management records */
	BEGIN_SHORT,  /* with four bytes of content */
	VERSION_2,    /* a BEGIN of a FastCGI that is not ours */
	MANAGEMENT,   /* GET_VALUES, id 0 */
	PARAMS,       /* two pairs */
	PARAMS_PAD,   /* the same, and seven bytes of padding */
	PARAMS_HALF,  /* a length and a part of its name */
	PARAMS_REST,  /* what PARAMS_HALF lacks */
	PARAMS_LONG,  /* a value of 300 bytes: lengths in four bytes */
	PARAMS_EMPTY, /* a name and a value of no bytes */
	PARAMS_LIE,   /* lengths of 2 GB */
	PARAMS_FOUR,  /* three bytes of a length in four */
	PARAMS_NAME,  /* a name's length, no value's */
	PARAMS_64K,   /* a pair just as large as we take */
	PARAMS_OTHER, /* of another request */
	PARAMS_END,   /* no content */
	PARAMS_END_PAD,
	STDIN,
	STDIN_OTHER,
	STDIN_END,
	STDIN_END_PAD,
	ABORT,
	DATA /* a record of type 8 */
};

static void
add_bytes(struct buf *out, int type, uint16_t id, const void *bytes, size_t n)
{
	bytes_record(out, type, id, (struct slice){ bytes, n }, 0);
}

static void
add_pair(struct buf *out, size_t name, size_t value, uint8_t pad)
{
	struct buf pair;
	char *long_name, *long_value;

	long_name = mem_calloc(1, name + 1);
	long_value = mem_calloc(1, value + 1);
	memset(long_name, 'n', name);
	buf_init(&pair, REQUEST_MAX);
	bytes_pair(&pair, long_name, (struct slice){ long_value, value });
	bytes_record(out, BYTES_PARAMS, ID, buf_view(&pair), pad);
	buf_free(&pair);
	mem_free(long_name);
	mem_free(long_value);
}

/* A pair of RECORD_PARAMS_MAX bytes with its lengths, in two records. */
static void
add_64k(struct buf *out)
{
	static char pair[RECORD_PARAMS_MAX];
	const uint32_t value = RECORD_PARAMS_MAX - 5 - 4;

	pair[0] = 4;
	pair[1] = (char)0x80;
	pair[2] = (char)(value >> 16);
	pair[3] = (char)(value >> 8 & 0xff);
	pair[4] = (char)(value & 0xff);
	add_bytes(out, BYTES_PARAMS, ID, pair, 40000);
	add_bytes(out, BYTES_PARAMS, ID, pair + 40000, sizeof(pair) - 40000);
}

static void
add_begin(struct buf *out, enum part p)
{
	if (p == BEGIN_SHORT)
		add_bytes(out, BYTES_BEGIN, ID, "\0\1\0\0", 4);
	else
		bytes_begin(
		    out, p == BEGIN_ZERO ? 0 : ID, p == BEGIN_FILTER ? 3 : 1);
	if (p == VERSION_2)
		out->base[out->len - 16] = 2;
}

static void
add_params(struct buf *out, enum part p)
{
	static const char half[] = "\4\3nam", rest[] = "evvv";
	static const char lie[] = "\xff\xff\xff\xff\x7f";

	if (p == PARAMS)
		bytes_params(out, ID, "GET", "/");
	else if (p == PARAMS_HALF)
		add_bytes(out, BYTES_PARAMS, ID, half, sizeof(half) - 1);
	else if (p == PARAMS_REST)
		add_bytes(out, BYTES_PARAMS, ID, rest, sizeof(rest) - 1);
	else if (p == PARAMS_LIE)
		add_bytes(out, BYTES_PARAMS, ID, lie, sizeof(lie) - 1);
	else if (p == PARAMS_FOUR)
		add_bytes(out, BYTES_PARAMS, ID, "\x80\0\0", 3);
	else if (p == PARAMS_NAME)
		add_bytes(out, BYTES_PARAMS, ID, "\0", 1);
	else if (p == PARAMS_64K)
		add_64k(out);
	else if (p == PARAMS_OTHER)
		add_bytes(out, BYTES_PARAMS, ID + 1, "\0\0", 2);
	else
		add_pair(out, p == PARAMS_EMPTY ? 0 : 4,
		    p == PARAMS_LONG ? 300 : 0, p == PARAMS_PAD ? 7 : 0);
}

static void
add_part(struct buf *out, enum part p)
{
	const struct slice none = slice_of("");

	if (p <= VERSION_2)
		add_begin(out, p);
	else if (p == MANAGEMENT)
		add_bytes(out, 9, 0, "\0\0", 2);
	else if (p < PARAMS_END)
		add_params(out, p);
	else if (p <= PARAMS_END_PAD)
		bytes_record(
		    out, BYTES_PARAMS, ID, none, p == PARAMS_END_PAD ? 200 : 0);
	else if (p <= STDIN_OTHER)
		bytes_record(out, BYTES_STDIN, p == STDIN_OTHER ? ID - 1 : ID,
		    slice_of(text), 3);
	else if (p <= STDIN_END_PAD)
		bytes_record(
		    out, BYTES_STDIN, ID, none, p == STDIN_END_PAD ? 5 : 0);
	else
		add_bytes(out, p == ABORT ? BYTES_ABORT : 8, ID, "", 0);
}

#define MORE RECORD_MORE
#define BODY RECORD_BODY
#define WHOLE RECORD_COMPLETE

static const struct {
	const char *name;
	enum part parts[8];
	enum record_progress want;
	enum err err;
} cases[] = {
	{ "nothing", { 0 }, MORE, ERR_OK },
	{ "only the begin", { BEGIN }, MORE, ERR_OK },
	{ "parameters without end", { BEGIN, PARAMS }, MORE, ERR_OK },
	{ "no body yet", { BEGIN, PARAMS, PARAMS_END }, BODY, ERR_OK },
	{ "no end of the body", { BEGIN, PARAMS, PARAMS_END, STDIN }, BODY,
	    ERR_OK },
	{ "a GET", { BEGIN, PARAMS, PARAMS_END, STDIN_END }, WHOLE, ERR_OK },
	{ "a POST", { BEGIN, PARAMS, PARAMS_END, STDIN, STDIN, STDIN_END },
	    WHOLE, ERR_OK },
	{ "no parameters", { BEGIN, PARAMS_END, STDIN_END }, WHOLE, ERR_OK },
	{ "padding everywhere",
	    { BEGIN, PARAMS_PAD, PARAMS_END_PAD, STDIN, STDIN_END_PAD }, WHOLE,
	    ERR_OK },
	{ "a pair in two records",
	    { BEGIN, PARAMS_HALF, PARAMS_REST, PARAMS_END, STDIN_END }, WHOLE,
	    ERR_OK },
	{ "lengths in four bytes",
	    { BEGIN, PARAMS_LONG, PARAMS_EMPTY, PARAMS_END, STDIN_END }, WHOLE,
	    ERR_OK },
	{ "as much as we take", { BEGIN, PARAMS_64K, PARAMS_END, STDIN_END },
	    WHOLE, ERR_OK },
	{ "behind the end nobody looks",
	    { BEGIN, PARAMS_END, STDIN_END, BEGIN_FILTER }, WHOLE, ERR_OK },

	{ "another version", { VERSION_2 }, MORE, ERR_SYNTAX },
	{ "another role", { BEGIN_FILTER }, MORE, ERR_SYNTAX },
	{ "id 0", { BEGIN_ZERO }, MORE, ERR_SYNTAX },
	{ "a short begin", { BEGIN_SHORT }, MORE, ERR_SYNTAX },
	{ "management", { MANAGEMENT }, MORE, ERR_SYNTAX },
	{ "no begin", { PARAMS }, MORE, ERR_SYNTAX },
	{ "a second begin", { BEGIN, BEGIN }, MORE, ERR_SYNTAX },
	{ "a second begin, late", { BEGIN, PARAMS_END, BEGIN }, BODY,
	    ERR_SYNTAX },
	{ "another request's parameters", { BEGIN, PARAMS_OTHER }, MORE,
	    ERR_SYNTAX },
	{ "another request's body", { BEGIN, PARAMS_END, STDIN_OTHER }, BODY,
	    ERR_SYNTAX },
	{ "a body before its parameters", { BEGIN, PARAMS, STDIN }, MORE,
	    ERR_SYNTAX },
	{ "parameters behind their end", { BEGIN, PARAMS_END, PARAMS }, BODY,
	    ERR_SYNTAX },
	{ "two ends", { BEGIN, PARAMS_END, PARAMS_END }, BODY, ERR_SYNTAX },
	{ "an abort", { BEGIN, PARAMS, ABORT }, MORE, ERR_SYNTAX },
	{ "a filter's data", { BEGIN, PARAMS_END, DATA }, BODY, ERR_SYNTAX },
	{ "the end inside a name", { BEGIN, PARAMS_HALF, PARAMS_END }, MORE,
	    ERR_SYNTAX },
	{ "the end inside a length", { BEGIN, PARAMS_FOUR, PARAMS_END }, MORE,
	    ERR_SYNTAX },
	{ "the end behind a name's length", { BEGIN, PARAMS_NAME, PARAMS_END },
	    MORE, ERR_SYNTAX },
	{ "a length of 2 GB", { BEGIN, PARAMS_LIE }, MORE, ERR_LIMIT },
	{ "more than we take", { BEGIN, PARAMS_64K, PARAMS_EMPTY }, MORE,
	    ERR_LIMIT },
};

/* From a block of just this size, so that a sanitizer sees a read past it. */
static enum err
scan(struct record_scan *out, struct slice bytes, struct problem *p)
{
	uint8_t *exact = mem_calloc(1, bytes.len > 0 ? bytes.len : 1);
	enum err e;

	if (bytes.len > 0)
		memcpy(exact, bytes.base, bytes.len);
	*out = (struct record_scan){ .at = 0 };
	e = record_scan(out, exact, bytes.len, p);
	mem_free(exact);
	return e;
}

/* The result for a part holds for all that is longer. */
static void
scan_prefixes(const char *name, struct slice all, const struct record_scan *end,
    enum err err)
{
	struct record_scan before = { .at = 0 }, now;
	size_t n, step = all.len > 4096 ? 509 : 1;
	bool failed = false;

	for (n = 0; n <= all.len; n += step) {
		struct problem p = { "" };
		enum err e = scan(&now, (struct slice){ all.base, n }, &p);

		if (failed ? e == ERR_OK : e != ERR_OK && e != err)
			fail_msg("%s: %zu bytes: %s", name, n, err_text(e));
		if ((e != ERR_OK) != (p.text[0] != '\0'))
			fail_msg("%s: %zu bytes: the sentence", name, n);
		if (now.progress < before.progress ||
		    now.progress > end->progress)
			fail_msg("%s: %zu bytes: progress", name, n);
		if (e == ERR_OK && now.id != before.id && before.id != 0)
			fail_msg("%s: %zu bytes: id", name, n);
		failed = e != ERR_OK;
		before = now;
	}
}

/* A scan that goes on has at each length the result of one from the start. */
static void
scan_on(const char *name, struct slice all)
{
	struct record_scan on = { .at = 0 }, fresh;
	size_t n, step = all.len > 4096 ? 509 : 1;

	for (n = 0; n <= all.len; n += step) {
		struct slice part = { all.base, n };
		enum err e = scan(&fresh, part, NULL);

		if (record_scan(&on, (const uint8_t *)all.base, n, NULL) != e)
			fail_msg("%s: %zu bytes: another result", name, n);
		if (e != ERR_OK)
			break;
		if (on.progress != fresh.progress || on.id != fresh.id ||
		    on.at != fresh.at)
			fail_msg("%s: %zu bytes: another state", name, n);
	}
}

static void
scans_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = cases[i].name;
		struct record_scan end;
		struct problem why = { "" };
		struct buf b;
		enum err e;

		buf_init(&b, REQUEST_MAX);
		for (const enum part *p = cases[i].parts; *p != 0; p++)
			add_part(&b, *p);
		assert_int_equal(b.err, ERR_OK);
		e = scan(&end, buf_view(&b), &why);
		if (e != cases[i].err)
			fail_msg("%s: %s: %s", name, err_text(e), why.text);
		if (end.progress != cases[i].want)
			fail_msg("%s: progress %d", name, end.progress);
		/* An answer can be sent to a request that is too long. */
		if ((e == ERR_LIMIT || end.progress == WHOLE) && end.id != ID)
			fail_msg("%s: id", name);
		scan_prefixes(name, buf_view(&b), &end, cases[i].err);
		scan_on(name, buf_view(&b));
		buf_free(&b);
	}
}

/* A request may arrive in any pieces: only its last byte makes it whole. */
static void
is_whole_with_the_last_byte(void **state)
{
	struct record_scan s;
	struct buf b;

	(void)state;
	buf_init(&b, REQUEST_MAX);
	bytes_request(&b, ID, "POST", "/a?b", text);
	for (size_t n = 0; n <= b.len; n++) {
		assert_int_equal(
		    scan(&s, (struct slice){ b.base, n }, NULL), ERR_OK);
		assert_int_equal(s.progress == WHOLE, n == b.len);
	}
	buf_free(&b);
}

/* Noise of another protocol is refused with its first byte. */
static void
refuses_noise_early(void **state)
{
	struct record_scan s;

	(void)state;
	assert_int_equal(scan(&s, slice_of("G"), NULL), ERR_SYNTAX);
	assert_int_equal(
	    scan(&s, slice_of("GET / HTTP/1.1\r\n"), NULL), ERR_SYNTAX);
	assert_int_equal(s.id, 0);
}

/* Sizes around what one record takes, and the records they need. */
static const struct {
	size_t len, records;
} sizes[] = {
	{ 0, 0 },
	{ 1, 1 },
	{ RECORD_CONTENT_MAX - 1, 1 },
	{ RECORD_CONTENT_MAX, 1 },
	{ RECORD_CONTENT_MAX + 1, 2 },
	{ 65535, 2 },
	{ 65536, 2 },
	{ RECORD_CONTENT_MAX * 2, 2 },
	{ RECORD_CONTENT_MAX * 2 + 1, 3 },
};

static void
encode(struct buf *out, uint16_t id, struct slice content)
{
	size_t n = record_stdout_size(content.len);
	uint8_t *exact = mem_calloc(1, n + 1);
	struct record_writer w;

	exact[n] = 0xaa;
	record_begin(&w, exact, (uint16_t)(id + 1), content.len);
	record_write(&w, content);
	record_readdress(exact, n, id);
	assert_int_equal(exact[n], 0xaa);
	buf_add(out, exact, n);
	record_end(out, id);
	mem_free(exact);
}

static void
encodes_answers(void **state)
{
	const size_t most = RECORD_CONTENT_MAX * 2 + 1;
	char *content = mem_calloc(1, most);

	(void)state;
	for (size_t i = 0; i < most; i++)
		content[i] = (char)(i * 31 % 251);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct slice want = { content, sizes[i].len };
		struct bytes_response r;
		struct buf b;

		buf_init(&b, REQUEST_MAX);
		encode(&b, 513, want);
		assert_int_equal(b.err, ERR_OK);
		bytes_decode(&r, buf_view(&b));
		if (r.flaw != NULL)
			fail_msg("%zu bytes: %s", want.len, r.flaw);
		assert_true(slice_eq(buf_view(&r.out), want));
		assert_int_equal(r.records, sizes[i].records);
		assert_int_equal(r.id, 513);
		assert_true(r.ended);
		buf_free(&r.out);
		buf_free(&b);
	}
	mem_free(content);
}

static void
ends_without_memory(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	mem_fail_at(1);
	record_end(&b, 1);
	assert_true(mem_failed());
	mem_fail_at(0);
	assert_int_equal(b.err, ERR_NOMEM);
	buf_free(&b);
}

/* Bytes behind a request, cut at `cut`: is the abort seen, and when? */
static void
skip_cut(struct slice bytes, size_t cut, size_t abort_at)
{
	struct record_skip s = { .have = 0 };
	const uint8_t *b = (const uint8_t *)bytes.base;
	bool first = record_skip(&s, ID, b, cut);
	bool second = record_skip(&s, ID, b + cut, bytes.len - cut);

	assert_int_equal(first, cut >= abort_at);
	assert_int_equal(second, cut < abort_at && bytes.len >= abort_at);
	assert_int_equal(s.have, 0);
	assert_int_equal(s.left, 0);
}

static void
skips_to_the_abort(void **state)
{
	struct buf b, all_bytes;
	size_t abort_at;

	(void)state;
	buf_init(&b, 4096);
	bytes_record(&b, BYTES_STDIN, ID, slice_of(text), 0);
	/* Bytes of a body that look like an abort are not one. */
	bytes_record(&b, BYTES_STDIN, ID,
	    (struct slice){ "\1\2\0\7\0\0\0\0\1\2\0\7", 12 }, 4);
	bytes_record(&b, BYTES_STDIN, ID, slice_of(""), 255);
	bytes_record(&b, BYTES_ABORT, ID + 256, slice_of(""), 0);
	for (size_t cut = 0; cut <= b.len; cut++)
		skip_cut(buf_view(&b), cut, SIZE_MAX);
	abort_at = b.len + 8;
	bytes_record(&b, BYTES_ABORT, ID, slice_of(""), 0);
	bytes_record(&b, BYTES_STDIN, ID, slice_of(text), 0);
	for (size_t cut = 0; cut <= b.len; cut++)
		skip_cut(buf_view(&b), cut, abort_at);
	buf_free(&b);

	/* The longest record there can be. */
	buf_init(&all_bytes, REQUEST_MAX);
	memset(buf_grow(&all_bytes, 65535), 2, 65535);
	buf_init(&b, REQUEST_MAX);
	bytes_record(&b, BYTES_STDIN, ID, buf_view(&all_bytes), 255);
	skip_cut(buf_view(&b), 40000, SIZE_MAX);
	skip_cut(buf_view(&b), b.len, SIZE_MAX);
	buf_free(&b);
	buf_free(&all_bytes);
}

/* FCGI_KEEP_CONN is seen once its byte is there. */
static void
finds_the_flag_of_a_kept_connection(void **state)
{
	struct record_scan s;
	struct problem f;
	struct buf b;

	(void)state;
	for (int flags = 0; flags < 4; flags++) {
		buf_init(&b, REQUEST_MAX);
		bytes_begin(&b, ID, 1);
		b.base[RECORD_HEADER_SIZE + 2] = (char)flags;
		assert_int_equal(scan(&s, buf_view(&b), &f), ERR_OK);
		assert_int_equal(s.keep, flags & 1);
		assert_int_equal(
		    scan(&s, (struct slice){ b.base, 10 }, &f), ERR_OK);
		assert_false(s.keep);
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_flag_of_a_kept_connection),
		cmocka_unit_test(scans_requests),
		cmocka_unit_test(is_whole_with_the_last_byte),
		cmocka_unit_test(refuses_noise_early),
		cmocka_unit_test(encodes_answers),
		cmocka_unit_test(ends_without_memory),
		cmocka_unit_test(skips_to_the_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
