/* SPDX-License-Identifier: MIT */
/* limits.c - what of a request arrives: headers, paths, long ones. */
#include <stdio.h>

#include "base/mem.h"
#include "check/state.h"

#define COOKIE_LEN 4000
#define TARGET_LEN 7500
#define BODY_LEN (UINT32_C(1) << 20)

static bool
contains(struct slice text, const char *word)
{
	for (; text.len >= strlen(word); text = slice_after(text, 1))
		if (slice_starts(text, word))
			return true;
	return false;
}

static bool
is_token_refused(const struct http_answer *s)
{
	return s->status == 401 &&
	       contains(http_field(s, "WWW-Authenticate", 0), "invalid_token");
}

static const char *const bad_token[] = { CHECK_BAD_TOKEN, NULL };

static enum err
report_lost(struct check *k, struct problem *p)
{
	const struct http_answer *s;
	enum err e = check_ask_fresh(k, &s, bad_token, p);

	if (e != ERR_OK)
		return e;
	if (is_token_refused(s))
		check_report_add(k->report, "authorization", CHECK_BAD,
		    CHECK_CACHED,
		    "%s answers out of a cache what the hub has answered to "
		    "others, whatever the token is",
		    k->report->shown);
	else
		check_report_add(k->report, "authorization", CHECK_BAD,
		    CHECK_AUTHORIZATION,
		    "%s removes the header Authorization, so tokens in it "
		    "are lost",
		    k->report->shown);
	return ERR_OK;
}

/* The hub says of a bad token something else than of none. */
enum err
check_authorization(struct check *k, struct problem *p)
{
	const struct http_request rq = {
		.url = k->stream_url, .method = "HEAD", .headers = bad_token
	};
	const struct http_answer *s;
	enum err e = check_ask(k, &s, &rq, p);

	if (e != ERR_OK)
		return e;
	if (is_token_refused(s))
		check_report_add(k->report, "authorization", CHECK_GOOD,
		    CHECK_NONE, "the header arrives");
	else if (check_is_hub(s))
		return report_lost(k, p);
	else if (!k->refusals_arrive)
		check_report_add(k->report, "authorization", CHECK_NOTED,
		    CHECK_NONE,
		    "not checked, as the hub's refusals do not arrive");
	else
		check_report_add(k->report, "authorization", CHECK_BAD,
		    CHECK_AUTHORIZATION,
		    "with a header Authorization %s answers with %d, and not "
		    "the hub",
		    k->report->shown, s->status);
	return ERR_OK;
}

/* The answer to a path below the hub's. */
static enum err
ask_below(struct check *k, const struct http_answer **s, const char *path,
    struct problem *p)
{
	struct http_request rq = { .headers = NULL };
	struct buf url;
	enum err e;

	buf_init(&url, HTTP_BODY_MAX);
	buf_slice(&url, buf_view(&k->url.href));
	buf_text(&url, path);
	buf_byte(&url, '\0');
	if ((e = url.err) == ERR_OK) {
		rq.url = url.base;
		e = check_ask(k, s, &rq, p);
	}
	buf_free(&url);
	return e;
}

/* Both are topics, and nobody may list either: the same sentence. */
enum err
check_slashes(struct check *k, struct problem *p)
{
	const struct http_answer *plain, *encoded;
	enum err e;

	if ((e = ask_below(k, &plain, "/subscriptions/pushcgi-check", p)) !=
		ERR_OK ||
	    (e = ask_below(k, &encoded,
		 "/subscriptions/https%3A%2F%2Fexample.com%2Fpushcgi-check",
		 p)) != ERR_OK)
		return e;
	if (!k->refusals_arrive)
		check_report_add(k->report, "slashes", CHECK_NOTED, CHECK_NONE,
		    "not checked, as the hub's refusals do not arrive");
	else if (encoded->status == plain->status && check_is_sentence(encoded))
		check_report_add(k->report, "slashes", CHECK_GOOD, CHECK_NONE,
		    "%%2F in a path arrives");
	else if (check_is_sentence(plain))
		check_report_add(k->report, "slashes", CHECK_BAD, CHECK_SLASHES,
		    "%s answers with %d to %%2F in a path, which the "
		    "subscription API needs",
		    k->report->shown, encoded->status);
	else
		check_report_add(k->report, "slashes", CHECK_NOTED, CHECK_NONE,
		    "there is no subscription API below this URL");
	return ERR_OK;
}

static void
judge_body(struct check *k, const struct http_answer *s)
{
	struct check_report *r = k->report;
	char outcome[PROBLEM_MAX - 120];

	check_outcome(outcome, sizeof(outcome), s);
	if (!k->refusals_arrive)
		check_report_add(r, "body", CHECK_NOTED, CHECK_NONE,
		    "not checked, as the hub's refusals do not arrive");
	else if (check_is_sentence(s) && s->status == 413)
		check_report_add(r, "body", CHECK_NOTED, CHECK_NONE,
		    "the hub itself accepts less than 1 MiB "
		    "(MERCURE_MAX_BODY)");
	else if (check_is_sentence(s))
		check_report_add(r, "body", CHECK_GOOD, CHECK_NONE,
		    "an update of 1 MiB arrives");
	else
		check_report_add(r, "body", CHECK_BAD, CHECK_BODY,
		    "%s rejects an update of 1 MiB: %s", r->shown, outcome);
	/* Only this module of Apache knows a limit, and no status for it. */
	if (r->server.kind == CHECK_APACHE && s->status == 500)
		r->server.is_fcgid = true;
}

/* No hub takes it, for its token; but each reads it. */
enum err
check_body(struct check *k, struct problem *p)
{
	struct http_request rq = { .headers = bad_token };
	const struct http_answer *s;
	struct buf url, body;
	void *room;
	enum err e = ERR_NOMEM;

	buf_init(&url, HTTP_BODY_MAX);
	buf_init(&body, BODY_LEN);
	buf_slice(&url, buf_view(&k->url.href));
	buf_byte(&url, '\0');
	buf_printf(&body, "topic=%s&private=on&data=", k->topic);
	room = body.err == ERR_OK ? buf_grow(&body, BODY_LEN - body.len) : NULL;
	if (room == NULL || url.err != ERR_OK)
		goto out;
	memset(room, 'x', BODY_LEN - (size_t)((char *)room - body.base));
	rq.url = url.base;
	rq.body = buf_view(&body);
	if ((e = check_ask(k, &s, &rq, p)) == ERR_OK)
		judge_body(k, s);
out:
	buf_free(&url);
	buf_free(&body);
	return e;
}

static void
pad(struct buf *b, size_t len)
{
	while (b->err == ERR_OK && b->len < len)
		buf_byte(b, 'x');
}

static void
judge_head(struct check *k, const struct http_answer *s)
{
	struct check_report *r = k->report;
	char outcome[PROBLEM_MAX - 120];

	check_outcome(outcome, sizeof(outcome), s);
	if (check_is_hub(s))
		check_report_add(r, "head", CHECK_GOOD, CHECK_NONE,
		    "a URL of 7,500 bytes with a cookie of 4,000 arrives");
	else
		check_report_add(r, "head", CHECK_BAD, CHECK_HEAD,
		    "%s rejects a URL of 7,500 bytes with a cookie of 4,000: "
		    "%s",
		    r->shown, outcome);
}

enum err
check_head(struct check *k, struct problem *p)
{
	static const char cookie_start[] = "Cookie: ";
	const size_t before =
	    (size_t)(k->url.part[URL_PATH].base - k->url.href.base);
	const char *headers[2] = { NULL, NULL };
	struct http_request rq = { .method = "HEAD", .headers = headers };
	const struct http_answer *s;
	struct buf url, cookie;
	enum err e = ERR_NOMEM;

	buf_init(&url, HTTP_BODY_MAX);
	buf_init(&cookie, HTTP_BODY_MAX);
	buf_text(&url, k->stream_url);
	buf_text(&url, "&pad=");
	pad(&url, before + TARGET_LEN);
	buf_byte(&url, '\0');
	buf_text(&cookie, k->entry != NULL ? k->entry : cookie_start);
	buf_text(&cookie, k->entry != NULL ? "; pad=" : "pad=");
	pad(&cookie, sizeof(cookie_start) - 1 + COOKIE_LEN);
	buf_byte(&cookie, '\0');
	if (url.err != ERR_OK || cookie.err != ERR_OK)
		goto out;
	rq.url = url.base;
	headers[0] = cookie.base;
	if ((e = check_ask(k, &s, &rq, p)) == ERR_OK)
		judge_head(k, s);
out:
	buf_free(&url);
	buf_wipe(&cookie);
	return e;
}
