/* SPDX-License-Identifier: MIT */
/* test_check.c - mends, reports, and hubs as bad as can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

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
		enum doctor_kind want;
	} rows[] = {
		{ "Apache", DOCTOR_APACHE },
		{ "Apache/2.4.62 (Debian)", DOCTOR_APACHE },
		{ "lighttpd/1.4.69", DOCTOR_LIGHTTPD },
		{ "nginx/1.22.1", DOCTOR_NGINX },
		{ "NGINX", DOCTOR_NGINX },
		{ "nginx-like", DOCTOR_ELSE },
		{ "cloudflare", DOCTOR_ELSE },
		{ "", DOCTOR_ELSE },
		{ NULL, DOCTOR_ELSE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (doctor_kind_of(slice_of(rows[i].server)) != rows[i].want)
			fail_msg("%s", rows[i].server);
}

/* The lines that mend a fault, with blanks between. */
static void
lines_of(char *out, size_t size, enum doctor_fault problem,
    const struct doctor_server *s)
{
	const struct doctor_mend *m = NULL;
	size_t n = 0;

	out[0] = '\0';
	while ((m = doctor_mend_next(m, problem, s)) != NULL && n < size)
		n += (size_t)snprintf(
		    out + n, size - n, "%s%s", n > 0 ? "|" : "", m->line);
}

static void
test_mends(void **state)
{
	static const struct {
		const char *name;
		enum doctor_fault problem;
		struct doctor_server server;
		const char *want;
	} rows[] = {
		{ "any Apache", DOCTOR_HELD, { DOCTOR_APACHE, false },
		    "FcgidOutputBufferSize 0|flushpackets=on|"
		    "MERCURE_DELIVERY = poll" },
		{ "mod_fcgid, by what it did", DOCTOR_HELD,
		    { DOCTOR_APACHE, true },
		    "FcgidOutputBufferSize 0|MERCURE_DELIVERY = poll" },
		{ "nginx", DOCTOR_BODY, { DOCTOR_NGINX, false },
		    "client_max_body_size 1088k;" },
		{ "somebody else", DOCTOR_HELD, { DOCTOR_ELSE, false },
		    "MERCURE_DELIVERY = poll" },
		{ "nobody knows", DOCTOR_BODY, { DOCTOR_ELSE, false }, "" },
		{ "no fault", DOCTOR_NONE, { DOCTOR_APACHE, false }, "" },
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

/* What it tells people to write is what was tested with that server. */
static void
test_mends_are_shipped(void **state)
{
	static const enum doctor_kind kinds[] = { DOCTOR_APACHE,
		DOCTOR_LIGHTTPD, DOCTOR_NGINX };
	const struct doctor_mend *m;
	size_t seen = 0;
	struct buf all;

	(void)state;
	buf_init(&all, 1 << 20);
	read_snippets(&all);
	for (size_t k = 0; k < COUNT(kinds); k++)
		for (int problem = 0; problem <= DOCTOR_CORS_TWICE; problem++) {
			const struct doctor_server s = { kinds[k], false };

			for (m = NULL;
			     (m = doctor_mend_next(
				  m, (enum doctor_fault)problem, &s)) != NULL;
			     seen++)
				if (m->is_shipped &&
				    strstr(all.base, m->line) == NULL)
					fail_msg("%s", m->line);
		}
	assert_true(seen > 20);
	buf_free(&all);
}

static struct doctor_report *
sample_report(void)
{
	struct doctor_report *r = NULL;

	if (doctor_report_new(&r, "https://a.example/\"") != ERR_OK)
		return NULL;
	snprintf(r->shown, sizeof(r->shown), "nginx/1");
	r->server.kind = DOCTOR_NGINX;
	doctor_report_add(
	    r, "answer", DOCTOR_GOOD, DOCTOR_NONE, "all is %s", "well");
	doctor_report_add(
	    r, "body", DOCTOR_BAD, DOCTOR_BODY, "the \"body\" is lost");
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
	struct doctor_report *r = sample_report();
	json_t *json = NULL;
	struct buf b;

	(void)state;
	buf_init(&b, 65536);
	assert_int_equal(doctor_report_faults(r), 1);
	doctor_report_write(&b, r);
	assert_true(slice_is(buf_view(&b), text));
	buf_clear(&b);
	doctor_report_write_json(&b, r);
	assert_true(slice_is(buf_view(&b), as_json));
	assert_int_equal(json_parse(&json, buf_view(&b)), ERR_OK);
	json_decref(json);
	buf_free(&b);
	doctor_report_free(r);
}

static void
test_report_is_bounded(void **state)
{
	struct doctor_report *r = sample_report();

	(void)state;
	for (int i = 0; i < 2 * DOCTOR_FINDINGS_MAX; i++)
		doctor_report_add(r, "x", DOCTOR_BAD, DOCTOR_NONE, "%d", i);
	assert_int_equal(r->n, DOCTOR_FINDINGS_MAX);
	doctor_report_free(r);
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
run(struct doctor_report **out, const struct http_server *s, struct pushcgi *h,
    const char *path, bool quick, struct problem *p)
{
	char url[256];
	struct doctor_options o = { .url = url,
		.origin = "https://elsewhere.example",
		.quick = quick,
		.tell = hear };

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", s->port, path);
	if (strcmp(path, "/hub") == 0)
		o.page = url;
	return doctor_run(out, h, &o, p);
}

/* The names of the faults, with blanks between. */
static void
faults_of(char *out, size_t size, const struct doctor_report *r)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < r->n && n < size; i++)
		if (r->findings[i].result == DOCTOR_BAD)
			n += (size_t)snprintf(out + n, size - n, "%s%s",
			    n > 0 ? " " : "",
			    doctor_fault_name(r->findings[i].problem));
}

static void
test_bad_hubs(void **state)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
		{ "/hub", "clock cut authorization-lost body-limit cors "
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
		struct doctor_report *r = NULL;
		struct problem p = { "" };
		char got[256];

		if (run(&r, *state, h, rows[i].path, false, &p) != ERR_OK)
			fail_msg("%s: %s", rows[i].path, p.text);
		faults_of(got, sizeof(got), r);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].path, got);
		doctor_report_free(r);
	}
	pushcgi_close(h);
}

static void
test_bad_options(void **state)
{
	static const struct {
		const char *name;
		struct doctor_options o;
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
		struct doctor_report *r = NULL;
		struct problem p = { "" };

		if (doctor_run(&r, h, &rows[i].o, &p) != rows[i].want ||
		    p.text[0] == '\0' || r != NULL)
			fail_msg("%s: %s", rows[i].name, p.text);
	}
	pushcgi_close(h);
}

/* One run whose report is written, too, and the faults in it. */
static enum err
report_once(
    char *faults, size_t size, const struct http_server *s, struct pushcgi *h)
{
	struct doctor_report *r = NULL;
	struct buf b;
	enum err e = run(&r, s, h, "/hub", true, NULL);

	if (e != ERR_OK)
		return e;
	faults_of(faults, size, r);
	buf_init(&b, 65536);
	doctor_report_write_json(&b, r);
	e = b.err;
	buf_free(&b);
	doctor_report_free(r);
	return e;
}

/* Who runs out of memory says so, or can do without; and never blames the
 * hub. */
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
		cmocka_unit_test(test_mends),
		cmocka_unit_test(test_mends_are_shipped),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_report_is_bounded),
		cmocka_unit_test(test_bad_hubs),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
