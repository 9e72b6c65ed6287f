/* SPDX-License-Identifier: MIT */
/* test_request.c - a request from a web server's parameters. */
#include "unit/unit.h"

#include "request/request.h"
#include "unit/mem_fail.h"

#define PAIRS_MAX 32

/* `list`: name and value in turn; NULL ends it. */
static enum err
make(struct request **out, const char *const *list)
{
	static char text[PAIRS_MAX][256];
	char *params[PAIRS_MAX + 1];
	size_t n = 0;

	for (; list[2 * n] != NULL && n < PAIRS_MAX; n++) {
		snprintf(text[n], sizeof(text[n]), "%s=%s", list[2 * n],
		    list[2 * n + 1]);
		params[n] = text[n];
	}
	params[n] = NULL;
	return request_new(out, params);
}

static const struct {
	const char *uri, *path, *query; /* query NULL: there is none */
} targets[] = {
	{ "/a/b", "/a/b", NULL },
	{ "/a/b?", "/a/b", "" },
	{ "/a?b?c", "/a", "b?c" },
	{ "/a%2Fb?c=%2F&d", "/a%2Fb", "c=%2F&d" },
	{ "//a//b/../c", "//a//b/../c", NULL },
	{ "/a?u=http://host/x", "/a", "u=http://host/x" },
	{ "http://host/a?b", "/a", "b" },
	{ "https://user@host:81/a/b", "/a/b", NULL },
	{ "http://host", "", NULL },
	{ "http://host?/a", "", "/a" },
	{ "http://host?b", "", "b" },
	{ "http:///a", "/a", NULL },
	{ "://", "", NULL },
	{ "host:443", "host:443", NULL },
	{ "*", "*", NULL },
	{ "?b", "", "b" },
	{ "?u=http://host/a", "", "u=http://host/a" },
	{ "a", "a", NULL },
};

static void
expect(const char *name, struct slice got, const char *want)
{
	if ((got.base == NULL) != (want == NULL) || !slice_is(got, want))
		fail_msg("%s: \"%.*s\"", name, SLICE_ARG(got));
}

static void
splits_targets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		const char *const list[] = { "REQUEST_METHOD", "GET",
			"REQUEST_URI", targets[i].uri, NULL };
		struct request *r = NULL;

		assert_int_equal(make(&r, list), ERR_OK);
		expect(targets[i].uri, r->path, targets[i].path);
		expect(targets[i].uri, r->query, targets[i].query);
		request_free(r);
	}
}

static const char *const all[] = { "REQUEST_METHOD", "POST", "REQUEST_URI",
	"/raw", "CONTENT_TYPE", "a", "HTTP_AUTHORIZATION", "b", "HTTP_COOKIE",
	"c", "HTTP_ORIGIN", "d", "HTTP_REFERER", "e", "HTTP_HOST", "f",
	"HTTP_LAST_EVENT_ID", "", "REMOTE_ADDR", "g", "HTTP_X_FORWARDED_FOR",
	"h", "HTTP_X_FORWARDED_PROTO", "i", "HTTP_X_FORWARDED_HOST", "j",
	"HTTP_FORWARDED", "k", "HTTPS", "on", "PATH_INFO", "/decoded",
	"SCRIPT_NAME", "/decoded", "QUERY_STRING", "decoded", NULL };

static void
takes_its_parameters(void **state)
{
	struct request *r = NULL;

	(void)state;
	assert_int_equal(make(&r, all), ERR_OK);
	expect("method", r->method, "POST");
	expect("path", r->path, "/raw");
	expect("query", r->query, NULL);
	expect("type", r->content_type, "a");
	expect("authorization", r->authorization, "b");
	expect("cookie", r->cookie, "c");
	expect("origin", r->origin, "d");
	expect("referer", r->referer, "e");
	expect("host", r->host, "f");
	expect("an empty header", r->last_event_id, "");
	expect("address", r->address, "g");
	expect("forwarded for", r->forwarded_for, "h");
	expect("forwarded proto", r->forwarded_proto, "i");
	expect("forwarded host", r->forwarded_host, "j");
	expect("forwarded", r->forwarded, "k");
	assert_false(r->forwarded_twice);
	expect("body", r->body, NULL);
	assert_true(r->https);
	request_free(r);
	request_free(NULL);
}

static void
knows_what_is_missing(void **state)
{
	const char *const least[] = { "REQUEST_METHOD", "GET", "REQUEST_URI",
		"/", "HTTPS", "OFF", NULL };
	const char *const empty[] = { "REQUEST_METHOD", "GET", "REQUEST_URI",
		"", NULL };
	const char *const no_uri[] = { "REQUEST_METHOD", "GET", NULL };
	const char *const no_method[] = { "REQUEST_URI", "/", NULL };
	struct request *r = NULL;

	(void)state;
	assert_int_equal(make(&r, empty), ERR_SYNTAX);
	assert_int_equal(make(&r, no_uri), ERR_SYNTAX);
	assert_int_equal(make(&r, no_method), ERR_SYNTAX);
	assert_null(r);
	assert_int_equal(make(&r, least), ERR_OK);
	assert_null(r->content_type.base);
	assert_null(r->last_event_id.base);
	assert_false(r->https);
	request_free(r);
}

/* The last event id as clients send it, and what it is then. */
static const struct {
	const char *sent, *want;
} ids[] = {
	{ "plain", "plain" },
	{ "caf\xc3\xa9", "caf\xc3\xa9" },
	{ "caf\xe9", "caf\xc3\xa9" },
	{ "\xff\x80 \xbf", "\xc3\xbf\xc2\x80 \xc2\xbf" },
	{ "\xc3\xa9 and \xe9", "\xc3\x83\xc2\xa9 and \xc3\xa9" },
};

static void
ids_are_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const char *const list[] = { "REQUEST_METHOD", "GET",
			"REQUEST_URI", "/", "HTTP_LAST_EVENT_ID", ids[i].sent,
			"HTTP_HOST", "behind", "HTTP_ORIGIN", "\xe9", NULL };
		struct request *r = NULL;

		assert_int_equal(make(&r, list), ERR_OK);
		expect(ids[i].want, r->last_event_id, ids[i].want);
		expect("what follows", r->host, "behind");
		expect("another header", r->origin, "\xe9");
		request_free(r);
	}
}

/* Parameters that may come from two headers, and others that do not. */
static const struct {
	const char *name, *params[6];
	bool twice;
} again[] = {
	{ "once each", { "HTTP_X_FORWARDED_FOR", "a", "HTTP_FORWARDED", "b" },
	    false },
	{ "for", { "HTTP_X_FORWARDED_FOR", "a", "HTTP_X_FORWARDED_FOR", "b" },
	    true },
	{ "for, the same",
	    { "HTTP_X_FORWARDED_FOR", "a", "HTTP_X_FORWARDED_FOR", "a" },
	    true },
	{ "proto",
	    { "HTTP_X_FORWARDED_PROTO", "", "HTTP_X_FORWARDED_PROTO", "" },
	    true },
	{ "host",
	    { "HTTP_X_FORWARDED_HOST", "a", "HTTP_X_FORWARDED_HOST", "b" },
	    true },
	{ "the standard's", { "HTTP_FORWARDED", "a", "HTTP_FORWARDED", "b" },
	    true },
	{ "another", { "HTTP_COOKIE", "a", "HTTP_COOKIE", "b" }, false },
	{ "a longer name", { "HTTP_FORWARDED", "a", "HTTP_FORWARDED_FOR", "b" },
	    false },
};

static void
knows_what_came_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++) {
		const char *list[10] = { "REQUEST_METHOD", "GET", "REQUEST_URI",
			"/" };
		struct request *r = NULL;

		memcpy(list + 4, again[i].params, sizeof(again[i].params));
		assert_int_equal(make(&r, list), ERR_OK);
		if (r->forwarded_twice != again[i].twice)
			fail_msg("%s", again[i].name);
		request_free(r);
	}
}

static void
moves_the_body(void **state)
{
	struct request *r = NULL;
	struct buf body;

	(void)state;
	assert_int_equal(make(&r, all), ERR_OK);
	buf_init(&body, 7);
	buf_add(&body, "one\0two", 7);
	assert_int_equal(request_move_body(r, &body), ERR_OK);
	assert_int_equal(body.len, 0);
	assert_null(body.base);
	assert_int_equal(r->body.len, 7);
	assert_memory_equal(r->body.base, "one\0two", 7);
	/* A second body replaces the first. */
	assert_int_equal(request_move_body(r, &body), ERR_OK);
	expect("empty body", r->body, "");
	request_free(r);
}

static void
without_memory(void **state)
{
	struct request *r = NULL;
	struct buf body;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(make(&r, all), ERR_NOMEM);
	assert_null(r);
	mem_fail_at(0);
	assert_int_equal(make(&r, all), ERR_OK);
	buf_init(&body, 7);
	buf_byte(&body, 'a');
	assert_int_equal(request_move_body(r, &body), ERR_OK);
	mem_fail_at(1);
	assert_int_equal(request_move_body(r, &body), ERR_NOMEM);
	mem_fail_at(0);
	expect("the former body", r->body, "a");
	request_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_targets),
		cmocka_unit_test(takes_its_parameters),
		cmocka_unit_test(ids_are_utf8),
		cmocka_unit_test(knows_what_is_missing),
		cmocka_unit_test(knows_what_came_twice),
		cmocka_unit_test(moves_the_body),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
