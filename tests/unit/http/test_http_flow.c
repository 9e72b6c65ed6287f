/* SPDX-License-Identifier: MIT */
/* test_http_flow.c - answers seen as they come, and what they may do to us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "http/http_flow.h"
#include "text/http_fields.h"
#include "unit/http_server.h"
#include "unit/mem_fail.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PATIENCE_MS 60000

static int
setup(void **state)
{
	static struct http_server server;

	http_server_start(&server);
	*state = &server;
	return 0;
}

static int
teardown(void **state)
{
	http_server_stop(*state);
	return 0;
}

static struct http_flow *
open_flow(void)
{
	struct http_flow *w = NULL;
	struct problem p = { "" };

	if (http_flow_new(&w, NULL, &p) != ERR_OK)
		fail_msg("%s", p.text);
	return w;
}

static bool
is_over(void *arg)
{
	const struct http_seen *const *s = arg;

	return (*s)->end_ms != 0;
}

static bool
has_bytes(void *arg)
{
	const struct http_seen *const *s = arg;

	return (*s)->body.len >= 3;
}

static enum err
ask_path(struct http_flow *w, const struct http_seen **s, int port,
    const char *path, struct http_ask ask, struct problem *p)
{
	char url[256];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	ask.url = url;
	return http_flow_ask(w, s, &ask, p);
}

static const struct http_seen *
answer(struct http_flow *w, const struct http_server *server, const char *path,
    struct http_ask ask)
{
	const struct http_seen *s = NULL;
	struct problem p = { "" };

	if (ask_path(w, &s, server->port, path, ask, &p) != ERR_OK)
		fail_msg("%s", p.text);
	assert_true(
	    http_flow_wait(w, is_over, &s, clock_mono_ms() + PATIENCE_MS));
	return s;
}

static void
assert_has(struct slice text, const char *want)
{
	for (struct slice at = text; at.len > 0; at = slice_after(at, 1))
		if (slice_starts(at, want))
			return;
	fail_msg("no \"%s\" in \"%.*s\"", want, SLICE_ARG(text));
}

static void
test_requests(void **state)
{
	static const char *const headers[] = { "X-Test: 1", NULL };
	static const struct {
		const char *name;
		struct http_ask ask;
		const char *want;
	} rows[] = {
		{ "GET", { .headers = headers }, "GET /echo HTTP/1.1\r\n" },
		{ "headers", { .headers = headers }, "\r\nX-Test: 1\r\n" },
		{ "POST", { .body = { "a=b", 3 } }, "POST /echo " },
		{ "a body", { .body = { "a=b", 3 } }, "\r\n\r\na=b" },
		{ "OPTIONS", { .method = "OPTIONS" }, "OPTIONS /echo " },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_flow *w = open_flow();
		const struct http_seen *s =
		    answer(w, *state, "/echo", rows[i].ask);

		assert_true(s->whole);
		assert_int_equal(s->status, 200);
		assert_int_equal(s->version, 11);
		assert_has(buf_view(&s->body), rows[i].want);
		http_flow_free(w);
	}
}

static void
test_head(void **state)
{
	struct http_flow *w = open_flow();
	const struct http_seen *s =
	    answer(w, *state, "/", (struct http_ask){ .method = "HEAD" });

	assert_true(s->whole);
	assert_int_equal(s->body.len, 0);
	assert_true(
	    slice_is(http_head_value(buf_view(&s->head), "Cache-Control", 1),
		"private"));
	assert_true(s->asked_ms > 0 && s->head_ms >= s->asked_ms &&
		    s->end_ms >= s->head_ms && s->port > 0);
	http_flow_free(w);
}

static void
test_marks(void **state)
{
	struct http_flow *w = open_flow();
	const struct http_seen *s = NULL;
	const struct http_server *server = *state;
	int64_t last_ms = 0;

	assert_int_equal(ask_path(w, &s, server->port, "/drip",
			     (struct http_ask){ .shares = true }, NULL),
	    ERR_OK);
	assert_true(
	    http_flow_wait(w, has_bytes, &s, clock_mono_ms() + PATIENCE_MS));
	assert_int_equal(s->end_ms, 0);
	for (size_t end = 1; end <= 3; end++) {
		int64_t ms = http_seen_at(s, end);

		assert_true(ms >= s->head_ms && ms >= last_ms);
		last_ms = ms;
	}
	assert_int_equal(http_seen_at(s, s->body.len + 1), 0);
	assert_false(http_flow_wait(w, is_over, &s, clock_mono_ms() + 1));
	http_flow_stop(w, s);
	assert_true(s->end_ms > 0);
	assert_false(s->whole);
	assert_int_equal(s->err, ERR_OK);
	http_flow_stop(w, s);
	http_flow_stop(w, NULL);
	http_flow_free(w);
}

static void
test_bad_answers(void **state)
{
	static const struct {
		const char *path;
		enum err want;
		const char *why;
	} rows[] = {
		{ "/short", ERR_IO, "hung up within" },
		{ "/nothing", ERR_IO, "without an answer" },
		{ "/garbage", ERR_IO, "HTTP" },
		{ "/big", ERR_LIMIT, "limit" },
		{ "/heads", ERR_LIMIT, "limit" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_flow *w = open_flow();
		const struct http_seen *s = answer(w, *state, rows[i].path,
		    (struct http_ask){ .method = NULL });

		assert_false(s->whole);
		if (s->err != rows[i].want)
			fail_msg("%s: %s", rows[i].path, err_text(s->err));
		assert_has(slice_of(s->problem.text), rows[i].why);
		http_flow_free(w);
	}
}

static void
test_several_at_once(void **state)
{
	struct http_flow *w = open_flow();
	const struct http_seen *s[3] = { NULL };
	const struct http_server *server = *state;
	struct http_ask ask = { .method = NULL };

	/* One that lasts does not keep the others from going on. */
	for (size_t i = 0; i < COUNT(s); i++)
		assert_int_equal(ask_path(w, &s[i], server->port,
				     i < 2 ? "/" : "/silent", ask, NULL),
		    ERR_OK);
	for (size_t i = 0; i < 2; i++)
		assert_true(http_flow_wait(
		    w, is_over, &s[i], clock_mono_ms() + PATIENCE_MS));
	assert_int_equal(s[2]->end_ms, 0);
	http_flow_free(w);
}

static void
test_bad_urls(void **state)
{
	static const struct {
		const char *url;
		enum err want;
	} rows[] = {
		{ "x", ERR_SYNTAX },
		{ "http://a:b@c/", ERR_SYNTAX },
		{ "file:///etc/passwd", ERR_UNSUPPORTED },
	};
	struct http_flow *w = open_flow();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct http_ask ask = { .url = rows[i].url };
		const struct http_seen *s = NULL;
		struct problem p = { "" };

		if (http_flow_ask(w, &s, &ask, &p) != rows[i].want ||
		    s != NULL || p.text[0] == '\0')
			fail_msg("%s", rows[i].url);
	}
	http_flow_free(w);
}

static enum err
ask_once(int port)
{
	struct http_flow *w = NULL;
	const struct http_seen *s = NULL;
	enum err e = http_flow_new(&w, NULL, NULL);

	if (e == ERR_OK)
		e = ask_path(w, &s, port, "/",
		    (struct http_ask){ .method = NULL }, NULL);
	if (e == ERR_OK) {
		assert_true(http_flow_wait(
		    w, is_over, &s, clock_mono_ms() + PATIENCE_MS));
		e = s->err;
	}
	http_flow_free(w);
	return e;
}

static void
test_no_memory(void **state)
{
	const struct http_server *server = *state;

	for (long n = 1;; n++) {
		enum err e;

		mem_fail_at(n);
		e = ask_once(server->port);
		if (!mem_failed()) {
			assert_int_equal(e, ERR_OK);
			break;
		}
		if (e != ERR_NOMEM)
			fail_msg("allocation %ld: %s", n, err_text(e));
	}
	mem_fail_at(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_bad_urls),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
