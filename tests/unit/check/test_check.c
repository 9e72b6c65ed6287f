/* SPDX-License-Identifier: MIT */
/* test_check.c - fixes, reports, and hubs with every problem. */
#include "unit/unit.h"

#include <stdlib.h>

#include "check/check.h"
#include "check/report.h"
#include "text/json.h"
#include "unit/http_server.h"
#include "unit/mem_fail.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
static void
test_kinds(void **state)
{
	static const struct {
		const char *server;
		enum check_kind want;
	} rows[] = {
		{ "Apache", CHECK_APACHE },
		{ "Apache/2.4.62 (Debian)", CHECK_APACHE },
		{ "lighttpd/1.4.69", CHECK_LIGHTTPD },
		{ "nginx/1.22.1", CHECK_NGINX },
		{ "NGINX", CHECK_NGINX },
		{ "nginx-like", CHECK_ELSE },
		{ "cloudflare", CHECK_ELSE },
		{ "", CHECK_ELSE },
		{ NULL, CHECK_ELSE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (check_kind_of(slice_of(rows[i].server)) != rows[i].want)
			fail_msg("%s", rows[i].server);
}

/* The lines that fix a problem, with blanks between. */
static void
lines_of(char *out, size_t size, enum check_problem problem,
    const struct check_server *s)
{
	const struct check_fix *m = NULL;
	size_t n = 0;

	out[0] = '\0';
	while ((m = check_fix_next(m, problem, s)) != NULL && n < size)
		n += (size_t)snprintf(
		    out + n, size - n, "%s%s", n > 0 ? "|" : "", m->line);
}

static void
test_fixes(void **state)
{
	static const struct {
		const char *name;
		enum check_problem problem;
		struct check_server server;
		const char *want;
	} rows[] = {
		{ "any Apache", CHECK_HELD, { CHECK_APACHE, false },
		    "FcgidOutputBufferSize 0|flushpackets=on|"
		    "MERCURE_DELIVERY = poll" },
		{ "mod_fcgid, by what it did", CHECK_HELD,
		    { CHECK_APACHE, true },
		    "FcgidOutputBufferSize 0|MERCURE_DELIVERY = poll" },
		{ "nginx", CHECK_BODY, { CHECK_NGINX, false },
		    "client_max_body_size 1088k;" },
		{ "somebody else", CHECK_HELD, { CHECK_ELSE, false },
		    "MERCURE_DELIVERY = poll" },
		{ "nobody knows", CHECK_BODY, { CHECK_ELSE, false }, "" },
		{ "no problem", CHECK_NONE, { CHECK_APACHE, false }, "" },
	};
	char got[400];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		lines_of(got, sizeof(got), rows[i].problem, &rows[i].server);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, got);
	}
}

/* All snippets, one behind the other. */
static void
read_snippets(struct buf *out)
{
	static const char *const names[] = { "apache-cgi", "apache-mod_fcgid",
		"apache-mod_proxy_fcgi", "lighttpd-standing", "nginx" };

	for (size_t i = 0; i < COUNT(names); i++) {
		char path[1024], bytes[4096];
		size_t n;
		FILE *f;

		snprintf(path, sizeof(path),
		    SRCDIR "/templates/servers/%s.conf", names[i]);
		assert_non_null(f = fopen(path, "r"));
		while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
			buf_add(out, bytes, n);
		fclose(f);
	}
	buf_byte(out, '\0');
	assert_int_equal(out->err, ERR_OK);
}

/* The lines it prints are those that were tested with that server. */
static void
test_fixes_are_shipped(void **state)
{
	static const enum check_kind kinds[] = { CHECK_APACHE, CHECK_LIGHTTPD,
		CHECK_NGINX };
	const struct check_fix *m;
	size_t seen = 0;
	struct buf all;

	(void)state;
	buf_init(&all, 1 << 20);
	read_snippets(&all);
	for (size_t k = 0; k < COUNT(kinds); k++)
		for (int problem = 0; problem <= CHECK_CORS_REPLACED;
		     problem++) {
			const struct check_server s = { kinds[k], false };

			for (m = NULL;
			     (m = check_fix_next(
				  m, (enum check_problem)problem, &s)) != NULL;
			     seen++)
				if (m->is_shipped &&
				    strstr(all.base, m->line) == NULL)
					fail_msg("%s", m->line);
		}
	assert_true(seen > 20);
	buf_free(&all);
}

static struct check_report *
sample_report(void)
{
	struct check_report *r = NULL;

	if (check_report_new(&r, "https://a.example/\"") != ERR_OK)
		return NULL;
	snprintf(r->shown, sizeof(r->shown), "nginx/1");
	r->server.kind = CHECK_NGINX;
	check_report_add(
	    r, "answer", CHECK_GOOD, CHECK_NONE, "all is %s", "well");
	check_report_add(
	    r, "body", CHECK_BAD, CHECK_BODY, "the \"body\" is lost");
	return r;
}

static void
test_report(void **state)
{
	static const char text[] =
	    "ok       answer: all is well\n"
	    "PROBLEM  body: the \"body\" is lost\n"
	    "         nginx, in the hub's location { }:\n"
	    "             client_max_body_size 1088k;\n"
	    "1 problem found.\n";
	static const char as_json[] =
	    "{\"url\":\"https://a.example/\\\"\",\"server\":\"nginx/1\","
	    "\"problems\":1,\"checks\":[{\"check\":\"answer\",\"result\":"
	    "\"ok\","
	    "\"problem\":\"none\",\"text\":\"all is well\",\"fixes\":[]},"
	    "{\"check\":\"body\",\"result\":\"problem\",\"problem\":"
	    "\"body-limit\",\"text\":\"the \\\"body\\\" is lost\",\"fixes\":"
	    "[{\"with\":\"nginx\",\"where\":\"in the hub's location { }\","
	    "\"line\":\"client_max_body_size 1088k;\"}]}]}\n";
	struct check_report *r = sample_report();
	json_t *json = NULL;
	struct buf b;

	(void)state;
	buf_init(&b, 65536);
	assert_int_equal(check_report_problems(r), 1);
	check_report_write(&b, r);
	assert_true(slice_is(buf_view(&b), text));
	buf_clear(&b);
	check_report_write_json(&b, r);
	assert_true(slice_is(buf_view(&b), as_json));
	assert_int_equal(json_parse(&json, buf_view(&b)), ERR_OK);
	json_decref(json);
	buf_free(&b);
	check_report_free(r);
}

static void
test_report_is_bounded(void **state)
{
	struct check_report *r = sample_report();

	(void)state;
	for (int i = 0; i < 2 * CHECK_FINDINGS_MAX; i++)
		check_report_add(r, "x", CHECK_BAD, CHECK_NONE, "%d", i);
	assert_int_equal(r->n, CHECK_FINDINGS_MAX);
	check_report_free(r);
}

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
hear(const char *sentence)
{
	assert_non_null(strstr(sentence, " ..."));
}

/* A handle whose queue cannot be opened. */
static struct pushcgi *
open_handle(void)
{
	static const char *const settings[] = {
		"MERCURE_TRANSPORT_URL=sqlite:///dev/null/queue.db", NULL
	};
	char secret[] = "SECRET_KEY=0123456789abcdef0123456789abcdef";
	struct pushcgi *h = NULL;

	assert_int_equal(putenv(secret), 0);
	assert_int_equal(pushcgi_open(&h, "/dev/null", settings), PUSHCGI_OK);
	assert_int_equal(unsetenv("SECRET_KEY"), 0);
	return h;
}

static enum err
run(struct check_report **out, const struct http_server *s, struct pushcgi *h,
    const char *path, bool quick, struct problem *p)
{
	char url[256];
	struct check_options o = { .url = url,
		.origin = "https://elsewhere.example",
		.quick = quick,
		.announce = hear };

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", s->port, path);
	if (strcmp(path, "/hub") == 0)
		o.page = url;
	return check_run(out, h, &o, p);
}

/* The names of the problems, with blanks between. */
static void
problems_of(char *out, size_t size, const struct check_report *r)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < r->n && n < size; i++)
		if (r->findings[i].result == CHECK_BAD)
			n += (size_t)snprintf(out + n, size - n, "%s%s",
			    n > 0 ? " " : "",
			    check_problem_name(r->findings[i].problem));
}

static void
test_bad_hubs(void **state)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
		{ "/hub", "clock cut cache-control cookie-overwritten "
			  "refusals-replaced authorization-lost cors "
			  "cookie-not-returned cut" },
		{ "/closed", "token-refused" },
		{ "/gone", "no-hub" },
		{ "/moved", "redirect" },
		{ "/garbage", "unreachable" },
		{ "/nothing", "unreachable" },
		{ "/heads", "unreachable" },
		{ "/x", "no-hub" },
	};
	struct pushcgi *h = open_handle();

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct check_report *r = NULL;
		struct problem p = { "" };
		char got[256];

		if (run(&r, *state, h, rows[i].path, false, &p) != ERR_OK)
			fail_msg("%s: %s", rows[i].path, p.text);
		problems_of(got, sizeof(got), r);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].path, got);
		check_report_free(r);
	}
	pushcgi_close(h);
}

static void
test_bad_options(void **state)
{
	static const struct {
		const char *name;
		struct check_options o;
		enum err want;
	} rows[] = {
		{ "no URL", { .url = NULL }, ERR_NOTFOUND },
		{ "not a URL", { .url = "hub" }, ERR_SYNTAX },
		{ "another scheme", { .url = "ftp://hub/" }, ERR_UNSUPPORTED },
		{ "a password", { .url = "http://a:b@hub/" }, ERR_SYNTAX },
		{ "a query", { .url = "http://hub/x?y" }, ERR_SYNTAX },
		{ "a bad origin", { .url = "http://hub/", .origin = "x" },
		    ERR_SYNTAX },
		{ "a bad page", { .url = "http://hub/", .page = "x" },
		    ERR_SYNTAX },
	};
	struct pushcgi *h = open_handle();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct check_report *r = NULL;
		struct problem p = { "" };

		if (check_run(&r, h, &rows[i].o, &p) != rows[i].want ||
		    p.text[0] == '\0' || r != NULL)
			fail_msg("%s: %s", rows[i].name, p.text);
	}
	pushcgi_close(h);
}

/* One run whose report is written, too, and the problems in it. */
static enum err
report_once(
    char *problems, size_t size, const struct http_server *s, struct pushcgi *h)
{
	struct check_report *r = NULL;
	struct buf b;
	enum err e = run(&r, s, h, "/hub", true, NULL);

	if (e != ERR_OK)
		return e;
	problems_of(problems, size, r);
	buf_init(&b, 65536);
	check_report_write_json(&b, r);
	e = b.err;
	buf_free(&b);
	check_report_free(r);
	return e;
}

/* Without memory a run fails as such, or does without; it never reports a
 * problem of the hub. */
static void
test_no_memory(void **state)
{
	struct pushcgi *h = open_handle();
	char want[256], got[256];

	assert_int_equal(report_once(want, sizeof(want), *state, h), ERR_OK);
	for (long n = 1;; n++) {
		enum err e;

		mem_fail_at(n);
		e = report_once(got, sizeof(got), *state, h);
		if (e == ERR_OK)
			assert_string_equal(got, want);
		else
			assert_int_equal(e, ERR_NOMEM);
		if (!mem_failed())
			break;
	}
	assert_string_equal(got, want);
	mem_fail_at(0);
	pushcgi_close(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_fixes),
		cmocka_unit_test(test_fixes_are_shipped),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_report_is_bounded),
		cmocka_unit_test(test_bad_hubs),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
