/* SPDX-License-Identifier: MIT */
/* page.c - what a browser does with a page's cookie and for its origin. */
#include <stdio.h>
#include <strings.h>

#include "base/mem.h"
#include "check/cookie.h"
#include "check/state.h"
#include "lib/token.h"
#include "text/origin.h"

#define HEADER_MAX 9000 /* a header with a cookie or an origin */
#define ALLOW_ORIGIN "Access-Control-Allow-Origin"

/* Is the answer readable for pages of `origin`?  NULL, or what is wrong. */
static const char *
cors_problem(const struct http_answer *s, const char *origin, bool *twice)
{
	struct slice allowed = http_field(s, ALLOW_ORIGIN, 0);
	struct slice credentials =
	    http_field(s, "Access-Control-Allow-Credentials", 0);

	*twice = http_field(s, ALLOW_ORIGIN, 1).base != NULL ||
		 (allowed.base != NULL &&
		     memchr(allowed.base, ',', allowed.len) != NULL);
	if (allowed.base == NULL)
		return "its pages may not read";
	if (*twice)
		return "there are two headers " ALLOW_ORIGIN
		       ", which browsers refuse: the hub sends it, so take the "
		       "other out of the web server's configuration";
	if (slice_is(allowed, "*"))
		return "its pages may read, but not with a cookie, "
		       "since " ALLOW_ORIGIN " is *";
	if (!slice_is(allowed, origin))
		return "its pages may not read; others may";
	if (!slice_is(credentials, "true"))
		return "its pages may read, but not with a cookie, since "
		       "Access-Control-Allow-Credentials is missing";
	return NULL;
}

/* By the configuration, which is the hub's if the URL is its. */
static bool
is_listed(const struct check *k, const char *origin)
{
	return k->trust == CHECK_OWN &&
	       config_list_has(
		   k->h->config->cors_allowed_origins, slice_of(origin));
}

static void
judge_cors(struct check *k, const struct http_answer *s, const char *origin,
    const char *what, bool *good)
{
	bool twice = false;
	const char *why = cors_problem(s, origin, &twice);

	if (why == NULL)
		return;
	*good = false;
	if (!twice && is_listed(k, origin)) {
		check_report_add(k->report, "cors", CHECK_BAD,
		    CHECK_CORS_REPLACED,
		    "%.100s, %s: %s, although it is in "
		    "MERCURE_CORS_ALLOWED_ORIGINS: %s replaces the hub's "
		    "headers, or the hub has not read the setting yet",
		    origin, what, why, k->report->shown);
		return;
	}
	check_report_add(k->report, "cors", CHECK_BAD,
	    twice ? CHECK_CORS_TWICE : CHECK_CORS, "%.100s, %s: %s%s%.100s",
	    origin, what, why,
	    twice ? "" : ": in pushcgi.conf, MERCURE_CORS_ALLOWED_ORIGINS = ",
	    twice ? "" : origin);
}

static enum err
ask_cors(struct check *k, const char *origin, struct problem *p)
{
	char line[HEADER_MAX];
	const char *plain[] = { line, k->entry, NULL };
	const char *const preflight[] = { line,
		"Access-Control-Request-Method: GET",
		"Access-Control-Request-Headers: authorization,last-event-id",
		NULL };
	struct http_request rq = {
		.url = k->stream_url, .method = "HEAD", .headers = plain
	};
	const struct http_answer *s;
	bool good = true;
	enum err e;

	snprintf(line, sizeof(line), "Origin: %s", origin);
	if ((e = check_ask(k, &s, &rq, p)) != ERR_OK)
		return e;
	judge_cors(k, s, origin, "a stream", &good);
	rq.method = "OPTIONS";
	rq.headers = preflight;
	if (!good || (e = check_ask(k, &s, &rq, p)) != ERR_OK)
		return e;
	judge_cors(k, s, origin, "a preflight request", &good);
	if (good)
		check_report_add(k->report, "cors", CHECK_GOOD, CHECK_NONE,
		    "pages of %.200s may read", origin);
	return ERR_OK;
}

/* The first of the configuration; base NULL: there is none. */
static struct slice
first_listed(const struct check *k)
{
	struct slice rest = slice_of(k->h->config->cors_allowed_origins), word;

	while (slice_cut(&rest, ' ', &word))
		if (word.len > 0 && origin_is_written(word))
			return word;
	return (struct slice){ NULL, 0 };
}

/* As browsers write it.  Without options: one that is to work. */
enum err
check_cors(struct check *k, struct problem *p)
{
	struct slice origin = origin_of_url(buf_view(&k->origin.href));
	char *text;
	enum err e;

	if (k->options->origin == NULL && k->options->page == NULL) {
		if (k->trust != CHECK_OWN)
			return ERR_OK;
		origin = first_listed(k);
		if (origin.base == NULL)
			return ERR_OK;
	}
	if (origin_is_of(origin, buf_view(&k->url.href)))
		return ERR_OK;
	if ((text = mem_text(origin)) == NULL)
		return ERR_NOMEM;
	e = ask_cors(k, text, p);
	mem_free(text);
	return e;
}

/* Does the hub take what is in it? */
static enum err
try_cookie(struct check *k, const struct check_cookie *c, struct problem *p)
{
	const char *headers[2] = { NULL, NULL };
	const struct http_request rq = {
		.url = k->stream_url, .method = "HEAD", .headers = headers
	};
	const struct http_answer *s, *fresh = NULL;
	struct buf line;
	bool is_cached;
	enum err e;

	buf_init(&line, HEADER_MAX);
	buf_printf(&line, "Cookie: %.*s=%.*s", SLICE_ARG(c->name),
	    SLICE_ARG(c->value));
	buf_byte(&line, '\0');
	headers[0] = line.base;
	if ((e = line.err) == ERR_OK)
		e = check_ask(k, &s, &rq, p);
	if (e == ERR_OK && s->status != 200)
		e = check_ask_fresh(k, &fresh, headers, p);
	is_cached = fresh != NULL && fresh->status == 200;
	buf_wipe(&line);
	if (e != ERR_OK)
		return e;
	if (s->status == 200)
		check_report_add(k->report, "cookie", CHECK_GOOD, CHECK_NONE,
		    "a browser returns it, and the hub takes it");
	else if (is_cached)
		check_report_add(k->report, "cookie", CHECK_BAD, CHECK_CACHED,
		    "a browser returns it, but %s answers out of a cache what "
		    "the hub has answered to others",
		    k->report->shown);
	else
		check_report_add(k->report, "cookie", CHECK_BAD, CHECK_TOKEN,
		    "a browser returns it, but the hub refuses it (%d): is "
		    "its MERCURE_SUBSCRIBER_SECRET_KEY the one the cookie was "
		    "made with?  Its log says why",
		    s->status);
	return ERR_OK;
}

static enum err
judge_cookie(struct check *k, const struct check_cookie *c,
    const struct url *page, struct problem *p)
{
	enum check_return r = check_cookie_judge(c, page, &k->origin, &k->url);

	/* A page gives its own away; one of ours stays with us. */
	if (r == CHECK_RETURNED && k->options->page == NULL &&
	    k->trust == CHECK_STRANGER) {
		check_report_add(k->report, "cookie", CHECK_NOTED, CHECK_NONE,
		    "a browser returns it; " CHECK_NOT_OURS);
		check_advise_url(k, k->report->url, false);
		return ERR_OK;
	}
	if (r == CHECK_RETURNED)
		return try_cookie(k, c, p);
	check_report_add(k->report, "cookie", CHECK_BAD, CHECK_COOKIE,
	    "a browser does not return %.60s: %s", k->h->config->cookie_name,
	    check_return_text(r));
	return ERR_OK;
}

/* The one the hub reads, among those the page sets; the last one counts. */
static bool
find_cookie(
    struct check_cookie *out, const struct http_answer *s, const char *name)
{
	struct slice value;
	bool found = false;

	for (size_t i = 0;; i++) {
		struct check_cookie c;

		value = http_field(s, "Set-Cookie", i);
		if (value.base == NULL)
			return found;
		if (check_cookie_read(&c, value) && slice_is(c.name, name)) {
			*out = c;
			found = true;
		}
	}
}

static enum err
check_page(struct check *k, struct problem *p)
{
	const struct http_request rq = { .url = k->options->page };
	struct url page = { .part = { { NULL, 0 } } };
	const struct http_answer *s;
	struct check_cookie c;
	enum err e = check_ask(k, &s, &rq, p);

	if (e != ERR_OK)
		return e;
	if (!find_cookie(&c, s, k->h->config->cookie_name)) {
		char outcome[PROBLEM_MAX - 160];

		check_outcome(outcome, sizeof(outcome), s);
		check_report_add(k->report, "cookie", CHECK_BAD, CHECK_COOKIE,
		    "the page sets none that is called %.60s "
		    "(MERCURE_AUTHZ_COOKIE_NAME): %s",
		    k->h->config->cookie_name, outcome);
		return ERR_OK;
	}
	if ((e = url_parse(&page, slice_of(k->options->page), NULL, 0)) ==
	    ERR_OK)
		e = judge_cookie(k, &c, &page, p);
	url_free(&page);
	return e;
}

/* Without a page: the cookie that a page of this origin would set. */
enum err
check_cookie(struct check *k, struct problem *p)
{
	const struct slice topic = slice_of(k->topic);
	struct problem why = { "" };
	struct check_cookie c;
	struct buf text;
	enum err e;

	if (k->options->page != NULL)
		return check_page(k, p);
	buf_init(&text, HEADER_MAX);
	e = handle_explain(handle_cookie(k->h, &text, &topic, 1, slice_of(NULL),
			       check_token_s(k), &why),
	    &why);
	if (e == ERR_OK && check_cookie_read(&c, buf_view(&text))) {
		e = judge_cookie(k, &c, &k->origin, p);
	} else if (e != ERR_OK && e != ERR_NOMEM) {
		check_report_add(k->report, "cookie", CHECK_NOTED, CHECK_NONE,
		    "not checked: %.200s", why.text);
		e = ERR_OK;
	}
	buf_wipe(&text);
	return e;
}
