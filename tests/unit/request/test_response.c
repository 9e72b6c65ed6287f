/* SPDX-License-Identifier: MIT */
/* test_response.c - the bytes of CGI answers, and what they lack. */
#include "unit/unit.h"

#include "base/mem.h"
#include "request/response.h"
#include "unit/mem_fail.h"

#define OUT_MAX 131072

static void
expect_written(const struct response *r, bool head_only, const char *want)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	response_write(r, head_only, &out);
	assert_int_equal(out.err, ERR_OK);
	buf_byte(&out, '\0');
	assert_string_equal(out.base, want);
	buf_free(&out);
}

static void
writes_head_and_body(void **state)
{
	struct response r;

	(void)state;
	response_init(&r);
	expect_written(
	    &r, false, "Status: 200 OK\r\nContent-Length: 0\r\n\r\n");
	response_header(&r, "A", "%d %s", 1, "two");
	response_header(&r, "Empty", "%s", "");
	buf_text(&r.body, "body\n");
	expect_written(&r, false,
	    "Status: 200 OK\r\nContent-Length: 5\r\n"
	    "A: 1 two\r\nEmpty: \r\n\r\nbody\n");
	expect_written(&r, true,
	    "Status: 200 OK\r\nContent-Length: 5\r\n"
	    "A: 1 two\r\nEmpty: \r\n\r\n");
	response_free(&r);
}

static const struct {
	int status;
	bool goes_on;
	const char *head;
} lengths[] = {
	{ 200, false, "Status: 200 OK\r\nContent-Length: 0\r\n\r\n" },
	{ 404, false, "Status: 404 Not Found\r\nContent-Length: 0\r\n\r\n" },
	{ 200, true, "Status: 200 OK\r\n\r\n" },
	{ 204, false, "Status: 204 No Content\r\n\r\n" },
	{ 304, false, "Status: 304 Not Modified\r\n\r\n" },
};

static void
tells_its_length_if_it_has_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct response r;

		response_init(&r);
		r.status = lengths[i].status;
		r.goes_on = lengths[i].goes_on;
		expect_written(&r, true, lengths[i].head);
		expect_written(&r, false, lengths[i].head);
		/* What was to be a stream may end as an error. */
		response_problem(&r, 500, "x");
		r.type = r.caching = NULL;
		expect_written(&r, true,
		    "Status: 500 Internal Server Error\r\n"
		    "Content-Length: 2\r\n\r\n");
		response_free(&r);
	}
}

static const struct {
	int status;
	const char *line;
} statuses[] = {
	{ 200, "Status: 200 OK\r\n" },
	{ 204, "Status: 204 No Content\r\n" },
	{ 400, "Status: 400 Bad Request\r\n" },
	{ 401, "Status: 401 Unauthorized\r\n" },
	{ 403, "Status: 403 Forbidden\r\n" },
	{ 404, "Status: 404 Not Found\r\n" },
	{ 405, "Status: 405 Method Not Allowed\r\n" },
	{ 408, "Status: 408 Request Timeout\r\n" },
	{ 413, "Status: 413 Content Too Large\r\n" },
	{ 415, "Status: 415 Unsupported Media Type\r\n" },
	{ 431, "Status: 431 Request Header Fields Too Large\r\n" },
	{ 500, "Status: 500 Internal Server Error\r\n" },
	{ 503, "Status: 503 Service Unavailable\r\n" },
};

static void
names_statuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct response r;
		struct buf out;

		response_init(&r);
		response_header(&r, "A", "b");
		buf_text(&r.body, "forgotten");
		response_problem(&r, statuses[i].status, "Because %d.", 1);
		buf_init(&out, OUT_MAX);
		response_write(&r, false, &out);
		buf_byte(&out, '\0');
		assert_memory_equal(
		    out.base, statuses[i].line, strlen(statuses[i].line));
		assert_non_null(strstr(out.base, "\r\nA: b\r\n"));
		assert_non_null(strstr(out.base,
		    "\r\nContent-Type: text/plain; charset=utf-8\r\n"));
		assert_non_null(strstr(out.base, "\r\n\r\nBecause 1.\n"));
		assert_null(strstr(out.base, "forgotten"));
		buf_free(&out);
		response_free(&r);
	}
}

static const struct {
	const char *name, *value;
} bad_values[] = {
	{ "a second header", "a\r\nSet-Cookie: b=c" },
	{ "a body", "a\r\n\r\nbody" },
	{ "a line feed", "a\nb" },
	{ "a carriage return", "a\rb" },
	{ "at the end", "a\n" },
	{ "at the start", "\ra" },
};

static void
refuses_line_breaks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_values) / sizeof(bad_values[0]);
	     i++) {
		struct response r;
		struct buf out;

		response_init(&r);
		response_header(&r, "X-Bad", "%s", bad_values[i].value);
		buf_init(&out, OUT_MAX);
		response_write(&r, false, &out);
		buf_byte(&out, '\0');
		if (r.status != 500 || strstr(out.base, "X-Bad") != NULL ||
		    strstr(out.base, "Cookie") != NULL)
			fail_msg("%s: %s", bad_values[i].name, out.base);
		buf_free(&out);
		response_free(&r);
	}
}

static void
refuses_long_values(void **state)
{
	struct response r;
	struct buf out;

	(void)state;
	response_init(&r);
	response_header(&r, "X-Long", "%4095s", "");
	assert_int_equal(r.status, 200);
	response_header(&r, "X-Longer", "%4096s", "");
	assert_int_equal(r.status, 500);
	response_free(&r);

	/* All headers together. */
	response_init(&r);
	for (int i = 0; i < 5; i++)
		response_header(&r, "X-Long", "%4000s", "");
	buf_init(&out, OUT_MAX);
	response_write(&r, false, &out);
	assert_int_equal(out.err, ERR_LIMIT);
	buf_free(&out);
	response_free(&r);
}

static void
without_memory(void **state)
{
	enum err e = ERR_NOMEM;
	long n;

	(void)state;
	for (n = 1; e != ERR_OK; n++) {
		struct response r;
		struct buf out;

		mem_fail_at(n);
		response_init(&r);
		response_header(&r, "A", "b");
		response_problem(&r, 404, "Nothing.");
		buf_init(&out, OUT_MAX);
		response_write(&r, false, &out);
		e = out.err;
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		buf_free(&out);
		response_free(&r);
	}
	mem_fail_at(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_head_and_body),
		cmocka_unit_test(tells_its_length_if_it_has_one),
		cmocka_unit_test(names_statuses),
		cmocka_unit_test(refuses_line_breaks),
		cmocka_unit_test(refuses_long_values),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
