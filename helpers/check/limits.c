/* SPDX-License-Identifier: MIT */
/* limits.c - what of a request arrives: headers, paths, long ones. */
#include <stdio.h>

#include "base/mem.h"
#include "check/state.h"
#include "text/http_fields.h"

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

/* The hub says of a bad token something else than of none. */
enum err
doctor_check_authorization(struct doctor *d, struct problem *p)
{
	static const char *const headers[] = { DOCTOR_BAD_TOKEN, NULL };
	const struct http_ask ask = {
		.url = d->stream_url, .method = "HEAD", .headers = headers
	};
	const struct http_seen *s;
	enum err e = doctor_ask(d, &s, &ask, p);
	struct slice asks;

	if (e != ERR_OK)
		return e;
	asks = http_head_value(buf_view(&s->head), "WWW-Authenticate", 0);
	if (s->status == 401 && contains(asks, "invalid_token"))
		doctor_report_add(d->report, "authorization", DOCTOR_GOOD,
		    DOCTOR_NONE, "the header arrives");
	else if (doctor_is_hub(s))
		doctor_report_add(d->report, "authorization", DOCTOR_BAD,
		    DOCTOR_AUTHORIZATION,
		    "%s keeps the header Authorization to itself, so tokens "
		    "in it are lost",
		    d->report->shown);
	else
		doctor_report_add(d->report, "authorization", DOCTOR_BAD,
		    DOCTOR_AUTHORIZATION,
		    "with a header Authorization %s answers with %d, and not "
		    "the hub",
		    d->report->shown, s->status);
	return ERR_OK;
}

/* The answer to a path below the hub's. */
static enum err
ask_below(struct doctor *d, const struct http_seen **s, const char *path,
    struct problem *p)
{
	struct http_ask ask = { .headers = NULL };
	struct buf url;
	enum err e;

	buf_init(&url, HTTP_FLOW_BODY_MAX);
	buf_slice(&url, buf_view(&d->url.href));
	buf_text(&url, path);
	buf_byte(&url, '\0');
	if ((e = url.err) == ERR_OK) {
		ask.url = url.base;
		e = doctor_ask(d, s, &ask, p);
	}
	buf_free(&url);
	return e;
}

/* Both are topics, and nobody may list either: the same sentence. */
enum err
doctor_check_slashes(struct doctor *d, struct problem *p)
{
	const struct http_seen *plain, *encoded;
	enum err e;

	if ((e = ask_below(d, &plain, "/subscriptions/pushcgi-check", p)) !=
		ERR_OK ||
	    (e = ask_below(d, &encoded,
		 "/subscriptions/https%3A%2F%2Fexample.com%2Fpushcgi-check",
		 p)) != ERR_OK)
		return e;
	if (encoded->status == plain->status && doctor_is_sentence(encoded))
		doctor_report_add(d->report, "slashes", DOCTOR_GOOD,
		    DOCTOR_NONE, "%%2F in a path arrives");
	else if (doctor_is_sentence(plain))
		doctor_report_add(d->report, "slashes", DOCTOR_BAD,
		    DOCTOR_SLASHES,
		    "%s answers with %d to %%2F in a path, which the "
		    "subscription API needs",
		    d->report->shown, encoded->status);
	else
		doctor_report_add(d->report, "slashes", DOCTOR_NOTED,
		    DOCTOR_NONE, "there is no subscription API below this URL");
	return ERR_OK;
}

static void
judge_body(struct doctor *d, const struct http_seen *s)
{
	struct doctor_report *r = d->report;
	char outcome[PROBLEM_MAX - 120];

	doctor_outcome(outcome, sizeof(outcome), s);
	if (doctor_is_sentence(s) && s->status == 413)
		doctor_report_add(r, "body", DOCTOR_NOTED, DOCTOR_NONE,
		    "the hub itself takes less than 1 MiB (MERCURE_MAX_BODY)");
	else if (doctor_is_sentence(s))
		doctor_report_add(r, "body", DOCTOR_GOOD, DOCTOR_NONE,
		    "an update of 1 MiB arrives");
	else
		doctor_report_add(r, "body", DOCTOR_BAD, DOCTOR_BODY,
		    "%s does not let an update of 1 MiB through: %s", r->shown,
		    outcome);
	/* Only this module of Apache knows a limit, and no status for it. */
	if (r->server.kind == DOCTOR_APACHE && s->status == 500)
		r->server.is_fcgid = true;
}

/* No hub takes it, for its token; but each reads it. */
enum err
doctor_check_body(struct doctor *d, struct problem *p)
{
	static const char *const headers[] = { DOCTOR_BAD_TOKEN, NULL };
	struct http_ask ask = { .headers = headers };
	const struct http_seen *s;
	struct buf url, body;
	void *room;
	enum err e = ERR_NOMEM;

	buf_init(&url, HTTP_FLOW_BODY_MAX);
	buf_init(&body, BODY_LEN);
	buf_slice(&url, buf_view(&d->url.href));
	buf_byte(&url, '\0');
	buf_printf(&body, "topic=%s&private=on&data=", d->topic);
	room = body.err == ERR_OK ? buf_grow(&body, BODY_LEN - body.len) : NULL;
	if (room == NULL || url.err != ERR_OK)
		goto out;
	memset(room, 'x', BODY_LEN - (size_t)((char *)room - body.base));
	ask.url = url.base;
	ask.body = buf_view(&body);
	if ((e = doctor_ask(d, &s, &ask, p)) == ERR_OK)
		judge_body(d, s);
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
judge_head(struct doctor *d, const struct http_seen *s)
{
	struct doctor_report *r = d->report;
	char outcome[PROBLEM_MAX - 120];

	doctor_outcome(outcome, sizeof(outcome), s);
	if (doctor_is_hub(s))
		doctor_report_add(r, "head", DOCTOR_GOOD, DOCTOR_NONE,
		    "a URL of 7,500 bytes with a cookie of 4,000 arrives");
	else
		doctor_report_add(r, "head", DOCTOR_BAD, DOCTOR_HEAD,
		    "%s does not let a URL of 7,500 bytes with a cookie of "
		    "4,000 through: %s",
		    r->shown, outcome);
}

enum err
doctor_check_head(struct doctor *d, struct problem *p)
{
	static const char cookie_start[] = "Cookie: ";
	const size_t before =
	    (size_t)(d->url.part[URL_PATH].base - d->url.href.base);
	const char *headers[2] = { NULL, NULL };
	struct http_ask ask = { .method = "HEAD", .headers = headers };
	const struct http_seen *s;
	struct buf url, cookie;
	enum err e = ERR_NOMEM;

	buf_init(&url, HTTP_FLOW_BODY_MAX);
	buf_init(&cookie, HTTP_FLOW_BODY_MAX);
	buf_text(&url, d->stream_url);
	buf_text(&url, "&pad=");
	pad(&url, before + TARGET_LEN);
	buf_byte(&url, '\0');
	buf_text(&cookie, d->entry != NULL ? d->entry : cookie_start);
	buf_text(&cookie, d->entry != NULL ? "; pad=" : "pad=");
	pad(&cookie, sizeof(cookie_start) - 1 + COOKIE_LEN);
	buf_byte(&cookie, '\0');
	if (url.err != ERR_OK || cookie.err != ERR_OK)
		goto out;
	ask.url = url.base;
	headers[0] = cookie.base;
	if ((e = doctor_ask(d, &s, &ask, p)) == ERR_OK)
		judge_head(d, s);
out:
	buf_free(&url);
	buf_wipe(&cookie);
	return e;
}
