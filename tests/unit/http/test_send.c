/* SPDX-License-Identifier: MIT */
/* test_send.c - what is asked of other servers, and what they may do to us. */
#include "unit/unit.h"

#include <stdlib.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/send.h"
#include "unit/http_server.h"
#include "unit/mem_fail.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PATIENCE_MS 60000
#define SHORT_MS 300
#define BODY_MAX 1000

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

static void
url_of(char *out, size_t size, const struct http_server *s, const char *path)
{
	snprintf(out, size, "http://127.0.0.1:%d%s", s->port, path);
}

/* A GET with room and time. */
static struct http_request
plain(const char *url)
{
	return (struct http_request){ .url = url,
		.connect_ms = PATIENCE_MS,
		.total_ms = PATIENCE_MS,
		.body_max = BODY_MAX };
}

static void
assert_has(const char *text, const char *want)
{
	if (strstr(text, want) == NULL)
		fail_msg("no \"%s\" in \"%s\"", want, text);
}

static char *
body_text(const struct http_answer *a)
{
	static char text[BODY_MAX + 1];

	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(buf_view(&a->body)));
	return text;
}

static void
test_get(void **state)
{
	static const char *const headers[] = { "Accept: text/x-test", NULL };
	struct http_answer a = { 0 };
	struct problem p = { "" };
	char url[256];
	struct http_request rq;

	url_of(url, sizeof(url), *state, "/echo?a=b#c");
	rq = plain(url);
	rq.headers = headers;
	if (http_send(&a, &rq, &p) != ERR_OK)
		fail_msg("%s", p.text);
	assert_int_equal(a.status, 200);
	assert_has(body_text(&a), "GET /echo?a=b HTTP/1.1\r\n");
	assert_has(body_text(&a), "User-Agent: pushcgi/" PACKAGE_VERSION "\r");
	assert_has(body_text(&a), "Accept: text/x-test\r\n");
	http_answer_free(&a);
}

/* Receives a body, and gives up at its limit. */
struct receiving {
	struct buf got;
	size_t enough;
	size_t calls;
	int status;
};

static enum err
receive(void *arg, const struct http_answer *so_far, struct slice bytes)
{
	struct receiving *t = arg;

	if (t->calls++ == 0)
		assert_int_equal(bytes.len, 0);
	t->status = so_far->status;
	assert_true(so_far->head.len > 0);
	buf_slice(&t->got, bytes);
	return t->got.len < t->enough ? ERR_OK : ERR_DENIED;
}

/* The body of a 200 is handed on, however long it is, until it is enough; any
 * other is stored. */
static void
test_received(void **state)
{
	static const struct {
		const char *name, *path;
		size_t enough;
		enum err want;
		bool is_received;
	} cases[] = {
		{ "all of it", "/echo", SIZE_MAX, ERR_OK, true },
		{ "not even the head", "/echo", 0, ERR_DENIED, false },
		{ "a part", "/big", 5 * BODY_MAX, ERR_DENIED, true },
		{ "another status", "/gone", SIZE_MAX, ERR_OK, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct receiving t = { .enough = cases[i].enough };
		struct http_answer a = { 0 };
		struct problem p = { "" };
		struct http_request rq;
		char url[256];
		enum err e;

		buf_init(&t.got, SIZE_MAX - 1);
		url_of(url, sizeof(url), *state, cases[i].path);
		rq = plain(url);
		rq.receive = receive;
		rq.arg = &t;
		if ((e = http_send(&a, &rq, &p)) != cases[i].want ||
		    p.text[0] != '\0' ||
		    (t.got.len > 0) != cases[i].is_received ||
		    (t.calls > 0) !=
			(cases[i].want != ERR_OK || cases[i].is_received) ||
		    (t.calls > 0 && a.body.len > 0))
			fail_msg(
			    "%s: %s %s", cases[i].name, err_text(e), p.text);
		assert_int_equal(t.status, t.calls > 0 ? 200 : 0);
		buf_free(&t.got);
		http_answer_free(&a);
	}
}

static void
test_post(void **state)
{
	static const char *const headers[] = { "Authorization: Bearer x",
		NULL };
	static char body[900];
	struct http_answer a = { 0 };
	struct problem p = { "" };
	char url[256];
	struct http_request rq;

	memset(body, 'b', sizeof(body) - 1);
	url_of(url, sizeof(url), *state, "/echo");
	rq = plain(url);
	rq.headers = headers;
	rq.body = slice_of(body);
	rq.body_max = BODY_MAX * 2;
	if (http_send(&a, &rq, &p) != ERR_OK)
		fail_msg("%s", p.text);
	assert_has(body_text(&a), "POST /echo HTTP/1.1\r\n");
	assert_has(body_text(&a), "Authorization: Bearer x\r\n");
	assert_has(body_text(&a), "Content-Length: 899\r\n");
	assert_has(body_text(&a),
	    "Content-Type: application/x-www-form-urlencoded\r\n");
	assert_null(strstr(body_text(&a), "Expect"));
	assert_int_equal(a.body.base[a.body.len - 1], 'b');
	http_answer_free(&a);
}

static void
test_headers_and_status(void **state)
{
	struct http_answer a = { 0 };
	struct problem p = { "" };
	char url[256];
	struct http_request rq;

	url_of(url, sizeof(url), *state, "/");
	rq = plain(url);
	if (http_send(&a, &rq, &p) != ERR_OK)
		fail_msg("%s", p.text);
	assert_null(http_field(&a, "x-two", 0).base);
	assert_true(slice_is(http_field(&a, "Cache-Control", 0), "max-age=60"));
	assert_true(slice_is(http_field(&a, "Cache-Control", 1), "private"));
	assert_true(slice_is(http_field(&a, "x-one", 0), "1"));
	assert_string_equal(body_text(&a), "hello");
	http_answer_free(&a);

	url_of(url, sizeof(url), *state, "/gone");
	rq = plain(url);
	a = (struct http_answer){ 0 };
	assert_int_equal(http_send(&a, &rq, &p), ERR_OK);
	assert_int_equal(a.status, 404);
	assert_string_equal(body_text(&a), "no");
	http_answer_free(&a);
}

static const struct {
	const char *path;
	unsigned total_ms;
	enum err e;
	const char *want; /* in the sentence */
} bad[] = {
	{ "/big", PATIENCE_MS, ERR_LIMIT, "more than 1000 bytes" },
	{ "/heads", PATIENCE_MS, ERR_LIMIT, "more than 65536 bytes" },
	{ "/silent", SHORT_MS, ERR_IO, "no whole answer came in time" },
	{ "/drip", SHORT_MS, ERR_IO, "no whole answer came in time" },
	{ "/short", PATIENCE_MS, ERR_IO, "hung up within its answer" },
	{ "/nothing", PATIENCE_MS, ERR_IO, "hung up without an answer" },
	{ "/garbage", PATIENCE_MS, ERR_IO, "does not speak HTTP" },
	{ "/moved", PATIENCE_MS, ERR_UNSUPPORTED,
	    "redirects to http://other.example/x?y, which is not followed" },
	{ "/moved-with-key", PATIENCE_MS, ERR_UNSUPPORTED,
	    "redirects to https://other.example:81/x, which is not" },
	{ "/moved-on-here", PATIENCE_MS, ERR_UNSUPPORTED,
	    "/moved-on-here, which is not" },
	{ "/moved-away", PATIENCE_MS, ERR_UNSUPPORTED, "which is not" },
};

static void
test_bad_answers(void **state)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct http_answer a = { 0 };
		struct problem p = { "" };
		struct http_request rq;
		char url[300], shown[256];
		enum err e;

		url_of(shown, sizeof(shown), *state, bad[i].path);
		snprintf(url, sizeof(url), "%s?secret#part", shown);
		rq = plain(url);
		rq.total_ms = bad[i].total_ms;
		e = http_send(&a, &rq, &p);
		if (e != bad[i].e)
			fail_msg("%s: %d %s", bad[i].path, e, p.text);
		assert_has(p.text, bad[i].want);
		assert_has(p.text, shown);
		assert_null(strstr(p.text, "secret"));
		assert_int_equal(a.status, 0);
		assert_null(a.body.base);
	}
}

static const struct {
	const char *url;
	bool https_only;
	enum err e;
	const char *want;
} urls[] = {
	{ "", false, ERR_SYNTAX, "cannot be read" },
	{ "example.com/jwks", false, ERR_SYNTAX, "cannot be read" },
	{ "file:///etc/passwd", false, ERR_UNSUPPORTED,
	    "begin with https:// or http://" },
	{ "gopher://127.0.0.1/", false, ERR_UNSUPPORTED, "https://" },
	{ "http://127.0.0.1/", true, ERR_UNSUPPORTED,
	    "must begin with https://." },
	{ "http://me:hidden@127.0.0.1/", false, ERR_SYNTAX,
	    "what is before the @" },
	{ "http://127.0.0.1:99999/", false, ERR_SYNTAX, "cannot be read" },
	{ "http://127.0.0.1:1/p", false, ERR_IO,
	    "http://127.0.0.1:1/p: there is no connection" },
	{ "http://nobody.invalid/p", false, ERR_IO,
	    "http://nobody.invalid/p: the host's name is not found" },
};

static void
test_bad_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		struct http_request rq = plain(urls[i].url);
		struct http_answer a = { 0 };
		struct problem p = { "" };
		enum err e;

		rq.https_only = urls[i].https_only;
		e = http_send(&a, &rq, &p);
		if (e != urls[i].e || strstr(p.text, urls[i].want) == NULL)
			fail_msg("%s: %d %s", urls[i].url, e, p.text);
		assert_null(strstr(p.text, "hidden"));
	}
}

/* A client that sends the header Proxy sets HTTP_PROXY of a CGI program. */
static void
museum_29_proxies_of_the_environment_are_not_used(void **state)
{
	static const char *const names[] = { "http_proxy", "HTTP_PROXY",
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
	struct http_answer a = { 0 };
	struct problem p = { "" };
	char url[256], proxy[64];
	struct http_request rq;
	int port, fd = http_server_listen(&port);

	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", port);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(setenv(names[i], proxy, 1), 0);
	setenv("no_proxy", "other.example", 1);
	url_of(url, sizeof(url), *state, "/");
	rq = plain(url);
	if (http_send(&a, &rq, &p) != ERR_OK)
		fail_msg("%s", p.text);
	assert_string_equal(body_text(&a), "hello");
	http_answer_free(&a);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(accept(fd, NULL, NULL), -1);
	close(fd);
	for (size_t i = 0; i < COUNT(names); i++)
		unsetenv(names[i]);
	unsetenv("no_proxy");
}

static void
test_netrc_is_not_read(void **state)
{
	char dir[] = "/tmp/test_http.XXXXXX", path[64], url[256];
	struct http_answer a = { 0 };
	struct http_request rq;
	struct problem p = { "" };
	FILE *file;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/.netrc", dir);
	assert_non_null(file = fopen(path, "w"));
	fputs("default login me password hidden\n", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(setenv("HOME", dir, 1), 0);
	url_of(url, sizeof(url), *state, "/echo");
	rq = plain(url);
	if (http_send(&a, &rq, &p) != ERR_OK)
		fail_msg("%s", p.text);
	assert_null(strstr(body_text(&a), "Authorization"));
	http_answer_free(&a);
	unlink(path);
	rmdir(dir);
}

static void *
set_stop(void *arg)
{
	atomic_store((_Atomic bool *)arg, true);
	return NULL;
}

static void
test_stops(void **state)
{
	static _Atomic bool stop;
	struct http_answer a = { 0 };
	struct http_request rq;
	struct problem p = { "" };
	pthread_t thread;
	char url[256];

	url_of(url, sizeof(url), *state, "/silent");
	rq = plain(url);
	rq.stop = &stop;
	assert_int_equal(pthread_create(&thread, NULL, set_stop, &stop), 0);
	assert_int_equal(http_send(&a, &rq, &p), ERR_IO);
	assert_has(p.text, "as this program ends");
	pthread_join(thread, NULL);
}

/* First uses of libcurl, all at once. */
#define THREADS 8

static void *
send_some(void *arg)
{
	char url[256];

	url_of(url, sizeof(url), arg, "/");
	for (int i = 0; i < 20; i++) {
		struct http_request rq = plain(url);
		struct http_answer a = { 0 };

		if (http_send(&a, &rq, NULL) != ERR_OK || a.status != 200)
			return arg;
		http_answer_free(&a);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t threads[THREADS];
	void *failed = NULL;

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, send_some, *state), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

static void
test_no_memory(void **state)
{
	bool failed = true;
	char url[256];
	long n;

	url_of(url, sizeof(url), *state, "/?query#fragment");
	for (n = 1; failed; n++) {
		struct http_request rq = plain(url);
		struct http_answer a = { 0 };
		struct problem p = { "" };
		enum err e;

		mem_fail_at(n);
		e = http_send(&a, &rq, &p);
		failed = mem_failed();
		mem_fail_at(0);
		/* A text that is not shortened for lack of memory is good. */
		if (e != ERR_OK && (!failed || e != ERR_NOMEM))
			fail_msg("%ld: %d %s", n, e, p.text);
		if (e == ERR_OK)
			assert_true(http_field(&a, "Cache-Control", 1).len > 0);
		else
			assert_string_not_equal(p.text, "");
		http_answer_free(&a);
	}
	assert_true(n > 4);
}

#define TEST(p) cmocka_unit_test_setup_teardown(p, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_threads),
		TEST(test_get),
		TEST(test_received),
		TEST(test_post),
		TEST(test_headers_and_status),
		TEST(test_bad_answers),
		TEST(test_bad_urls),
		TEST(museum_29_proxies_of_the_environment_are_not_used),
		TEST(test_netrc_is_not_read),
		TEST(test_stops),
		TEST(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
