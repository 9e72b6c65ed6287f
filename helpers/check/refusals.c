/* SPDX-License-Identifier: MIT */
/* refusals.c - checks whether the hub's answers arrive as it sends them. */
#include <strings.h>

#include "base/mem.h"
#include "check/fields.h"
#include "check/state.h"
#include "lib/handle.h"

enum err
check_head_fields(struct check *k, struct problem *p)
{
	const char *const cookies[] = { k->h->config->cookie_name,
		k->h->config->session_cookie, NULL };
	const struct http_request rq = { .url = k->stream_url,
		.method = "HEAD" };
	struct check_change changes[CHECK_CHANGES_MAX];
	const struct http_answer *s = k->silent;
	size_t n;
	enum err e;

	if (s == NULL || s->status != 200) {
		if ((e = check_ask(k, &s, &rq, p)) != ERR_OK)
			return e;
		if (s->status != 200)
			return ERR_OK;
	}
	n = check_fields(changes, buf_view(&s->head), cookies);
	for (size_t i = 0; i < n; i++)
		check_report_add(k->report, "fields",
		    changes[i].is_bad ? CHECK_BAD : CHECK_NOTED,
		    changes[i].problem, "%s %s", k->report->shown,
		    changes[i].text);
	if (n == 0)
		check_report_add(k->report, "fields", CHECK_GOOD, CHECK_NONE,
		    "the headers of a stream arrive as the hub sends them");
	return ERR_OK;
}

static bool
asks_password(const struct http_answer *s)
{
	const struct slice asks = http_field(s, "WWW-Authenticate", 0);

	return s->status == 401 && asks.base != NULL &&
	       (asks.len < 6 || strncasecmp(asks.base, "Bearer", 6) != 0);
}

static bool
is_text(const struct http_answer *s)
{
	return s->body.len > 0 && s->body.base[0] != '<' &&
	       !check_has_type(s, "text/html");
}

static void
judge(struct check *k, const struct http_answer *s)
{
	struct check_report *r = k->report;

	k->refusals_arrive = s->status >= 400 && s->status != 404 &&
			     is_text(s) && !asks_password(s);
	if (k->refusals_arrive)
		check_report_add(r, "refusals", CHECK_GOOD, CHECK_NONE,
		    "they arrive with the hub's own words");
	else if (asks_password(s))
		check_report_add(r, "refusals", CHECK_BAD, CHECK_PASSWORD,
		    "%s asks those who publish for a password of the site, "
		    "before the hub sees their token",
		    r->shown);
	else if (s->status == 403 || s->status == 405)
		check_report_add(r, "refusals", CHECK_BAD, CHECK_METHODS,
		    "%s itself answers a POST with %d, so nobody can publish "
		    "by HTTP",
		    r->shown, s->status);
	else
		check_report_add(r, "refusals", CHECK_BAD, CHECK_REFUSALS,
		    "%s replaces the hub's refusals by pages of the site (%d), "
		    "so nobody learns what is wrong",
		    r->shown, s->status);
}

/* Before a page of another origin sends a token, its browser asks so. */
static void
judge_options(struct check *k, const struct http_answer *s)
{
	if (s->status != 403 && s->status != 405)
		return;
	check_report_add(k->report, "refusals", CHECK_BAD, CHECK_METHODS,
	    "%s itself answers to OPTIONS with %d, so pages of other origins "
	    "cannot use the hub",
	    k->report->shown, s->status);
}

/* To publish without a token: the hub does not log it. */
enum err
check_refusals(struct check *k, struct problem *p)
{
	struct http_request rq = { .body = slice_of("topic=pushcgi-check") };
	const struct http_request options = { .url = k->report->url,
		.method = "OPTIONS" };
	const struct http_answer *s;
	enum err e;

	rq.url = k->report->url;
	if ((e = check_ask(k, &s, &rq, p)) == ERR_OK && s->status != 0)
		judge(k, s);
	if (e == ERR_OK && k->refusals_arrive &&
	    (e = check_ask(k, &s, &options, p)) == ERR_OK)
		judge_options(k, s);
	return e;
}
