/* SPDX-License-Identifier: MIT */
/* test_client.c - answers seen as they come, and what they may do to us. */
#include "unit/unit.h"

#include "base/clock.h"
#include "http/client.h"
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

static struct http_client *
open_client(void)
{
	struct http_client *c = NULL;
	struct problem p = { "" };

	if (http_client_new(&c, &p) != ERR_OK)
		fail_msg("%s", p.text);
	return c;
}

static bool
is_over(void *arg)
{
	const struct http_answer *const *s = arg;

	return (*s)->end_ms != 0;
}

static bool
has_bytes(void *arg)
{
	const struct http_answer *const *s = arg;

	return (*s)->body.len >= 3;
}

static enum err
ask_path(struct http_client *c, const struct http_answer **s, int port,
    const char *path, struct http_request rq, struct problem *p)
{
	char url[256];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	rq.url = url;
	return http_client_ask(c, s, &rq, p);
}

static const struct http_answer *
answer(struct http_client *c, const struct http_server *server,
    const char *path, struct http_request rq)
{
	const struct http_answer *s = NULL;
	struct problem p = { "" };

	if (ask_path(c, &s, server->port, path, rq, &p) != ERR_OK)
		fail_msg("%s", p.text);
	assert_true(
	    http_client_wait(c, is_over, &s, clock_mono_ms() + PATIENCE_MS));
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
		struct http_request rq;
		const char *want;
	} rows[] = {
		{ "GET", { .headers = headers }, "GET /echo HTTP/1.1\r\n" },
		{ "headers", { .headers = headers }, "\r\nX-Test: 1\r\n" },
		{ "POST", { .body = { "a=b", 3 } }, "POST /echo " },
		{ "a body", { .body = { "a=b", 3 } }, "\r\n\r\na=b" },
		{ "OPTIONS", { .method = "OPTIONS" }, "OPTIONS /echo " },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_client *c = open_client();
		const struct http_answer *s =
		    answer(c, *state, "/echo", rows[i].rq);

		assert_true(s->whole);
		assert_int_equal(s->status, 200);
		assert_int_equal(s->version, 11);
		assert_has(buf_view(&s->body), rows[i].want);
		http_client_free(c);
	}
}

static void
test_head(void **state)
{
	struct http_client *c = open_client();
	const struct http_answer *s =
	    answer(c, *state, "/", (struct http_request){ .method = "HEAD" });

	assert_true(s->whole);
	assert_int_equal(s->body.len, 0);
	assert_true(slice_is(http_field(s, "Cache-Control", 1), "private"));
	assert_true(s->asked_ms > 0 && s->head_ms >= s->asked_ms &&
		    s->end_ms >= s->head_ms && s->port > 0);
	http_client_free(c);
}

static void
test_marks(void **state)
{
	struct http_client *c = open_client();
	const struct http_answer *s = NULL;
	const struct http_server *server = *state;
	int64_t last_ms = 0;

	assert_int_equal(ask_path(c, &s, server->port, "/drip",
			     (struct http_request){ .shares = true }, NULL),
	    ERR_OK);
	assert_true(
	    http_client_wait(c, has_bytes, &s, clock_mono_ms() + PATIENCE_MS));
	assert_int_equal(s->end_ms, 0);
	for (size_t end = 1; end <= 3; end++) {
		int64_t ms = http_answer_ms(s, end);

		assert_true(ms >= s->head_ms && ms >= last_ms);
		last_ms = ms;
	}
	assert_int_equal(http_answer_ms(s, s->body.len + 1), 0);
	assert_false(http_client_wait(c, is_over, &s, clock_mono_ms() + 1));
	http_client_stop(c, s);
	assert_true(s->end_ms > 0);
	assert_false(s->whole);
	assert_int_equal(s->err, ERR_OK);
	http_client_stop(c, s);
	http_client_stop(c, NULL);
	http_client_free(c);
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
		{ "/big", ERR_LIMIT, "more than 262144 bytes" },
		{ "/heads", ERR_LIMIT, "more than 65536 bytes" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_client *c = open_client();
		const struct http_answer *s = answer(c, *state, rows[i].path,
		    (struct http_request){ .method = NULL });

		assert_false(s->whole);
		if (s->err != rows[i].want)
			fail_msg("%s: %s", rows[i].path, err_text(s->err));
		assert_has(slice_of(s->problem.text), rows[i].why);
		http_client_free(c);
	}
}

static void
test_several_at_once(void **state)
{
	struct http_client *c = open_client();
	const struct http_answer *s[3] = { NULL };
	const struct http_server *server = *state;
	struct http_request rq = { .method = NULL };

	/* One that lasts does not keep the others from going on. */
	for (size_t i = 0; i < COUNT(s); i++)
		assert_int_equal(ask_path(c, &s[i], server->port,
				     i < 2 ? "/" : "/silent", rq, NULL),
		    ERR_OK);
	for (size_t i = 0; i < 2; i++)
		assert_true(http_client_wait(
		    c, is_over, &s[i], clock_mono_ms() + PATIENCE_MS));
	assert_int_equal(s[2]->end_ms, 0);
	http_client_free(c);
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
	struct http_client *c = open_client();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct http_request rq = { .url = rows[i].url };
		const struct http_answer *s = NULL;
		struct problem p = { "" };

		if (http_client_ask(c, &s, &rq, &p) != rows[i].want ||
		    s != NULL || p.text[0] == '\0')
			fail_msg("%s", rows[i].url);
	}
	http_client_free(c);
}

/* A redirect is an answer, whose target is shown without secrets. */
static void
test_redirects(void **state)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
		{ "/moved-with-key", "https://other.example:81/x" },
		{ "/gone", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_client *c = open_client();
		const struct http_answer *s = answer(c, *state, rows[i].path,
		    (struct http_request){ .method = NULL });

		assert_true(s->whole);
		assert_string_equal(s->redirect, rows[i].want);
		http_client_free(c);
	}
}

/* An answer that is not whole can be moved away, and the client goes on. */
static void
test_moved_answer(void **state)
{
	struct http_client *c = open_client();
	const struct http_server *server = *state;
	const struct http_answer *s = NULL;
	struct http_answer mine;

	assert_int_equal(ask_path(c, &s, server->port, "/drip",
			     (struct http_request){ .method = NULL }, NULL),
	    ERR_OK);
	assert_true(
	    http_client_wait(c, has_bytes, &s, clock_mono_ms() + PATIENCE_MS));
	http_client_move(c, s, &mine);
	assert_true(mine.end_ms > 0 && mine.body.len >= 3 && mine.head.len > 0);
	assert_int_equal(s->end_ms, mine.end_ms);
	assert_int_equal(s->body.len, 0);
	(void)answer(c, server, "/", (struct http_request){ .method = NULL });
	http_client_free(c);
	http_answer_free(&mine);
}

static void
test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t want; /* < 0: none */
	} rows[] = {
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
		{ "Thu, 29 Feb 2024 23:59:59 GMT", 1709251199 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
		{ "Sun Nov  6 08:49:37 1994", 784111777 },
		{ "Sun, 00 Nov 1994 08:49:37 GMT", -1 },
		{ "Sun, 06 Nop 1994 08:49:37 GMT", -1 },
		{ "Sun, 06 Nov 1994 24:49:37 GMT", -1 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT                            "
		  "                                                         ",
		    -1 },
		{ "yesterday", -1 },
		{ "", -1 },
		{ NULL, -1 },
	};
	struct http_client *c = open_client();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t got = -1;
		bool good = http_client_date(c, &got, slice_of(rows[i].text));

		if (good != (rows[i].want >= 0) || got != rows[i].want)
			fail_msg("%s: %lld", rows[i].text, (long long)got);
	}
	http_client_free(c);
}

static enum err
ask_once(int port)
{
	struct http_client *c = NULL;
	const struct http_answer *s = NULL;
	enum err e = http_client_new(&c, NULL);

	if (e == ERR_OK)
		e = ask_path(c, &s, port, "/",
		    (struct http_request){ .method = NULL }, NULL);
	if (e == ERR_OK) {
		assert_true(http_client_wait(
		    c, is_over, &s, clock_mono_ms() + PATIENCE_MS));
		e = s->err;
	}
	http_client_free(c);
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
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_moved_answer),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
