/* SPDX-License-Identifier: MIT */
/* page.c - what a browser does with a page's cookie and for its origin. */
#include <stdio.h>
#include <strings.h>

#include "base/mem.h"
#include "check/cookie.h"
#include "check/state.h"
#include "lib/handle.h"
#include "text/http_fields.h"
#include "text/origin.h"

#define HEADER_MAX 9000 /* a header with a cookie or an origin */
#define ALLOW_ORIGIN "Access-Control-Allow-Origin"

/* What the answer's headers are for pages of `origin`: NULL, or what is
 * wrong. */
static const char *
cors_fault(const struct http_seen *s, const char *origin, bool *twice)
{
	struct slice head = buf_view(&s->head);
	struct slice allowed = http_head_value(head, ALLOW_ORIGIN, 0);
	struct slice credentials =
	    http_head_value(head, "Access-Control-Allow-Credentials", 0);

	*twice = http_head_value(head, ALLOW_ORIGIN, 1).base != NULL ||
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

static void
judge_cors(struct doctor *d, const struct http_seen *s, const char *origin,
    const char *what, bool *good)
{
	bool twice = false;
	const char *why = cors_fault(s, origin, &twice);

	if (why == NULL)
		return;
	*good = false;
	doctor_report_add(d->report, "cors", DOCTOR_BAD,
	    twice ? DOCTOR_CORS_TWICE : DOCTOR_CORS, "%.100s, %s: %s%s%.100s",
	    origin, what, why,
	    twice ? "" : ": in pushcgi.conf, MERCURE_CORS_ALLOWED_ORIGINS = ",
	    twice ? "" : origin);
}

static enum err
ask_cors(struct doctor *d, const char *origin, struct problem *p)
{
	char line[HEADER_MAX];
	const char *plain[] = { line, d->entry, NULL };
	const char *const preflight[] = { line,
		"Access-Control-Request-Method: GET",
		"Access-Control-Request-Headers: authorization,last-event-id",
		NULL };
	struct http_ask ask = {
		.url = d->stream_url, .method = "HEAD", .headers = plain
	};
	const struct http_seen *s;
	bool good = true;
	enum err e;

	snprintf(line, sizeof(line), "Origin: %s", origin);
	if ((e = doctor_ask(d, &s, &ask, p)) != ERR_OK)
		return e;
	judge_cors(d, s, origin, "a stream", &good);
	ask.method = "OPTIONS";
	ask.headers = preflight;
	if (!good || (e = doctor_ask(d, &s, &ask, p)) != ERR_OK)
		return e;
	judge_cors(d, s, origin, "a preflight request", &good);
	if (good)
		doctor_report_add(d->report, "cors", DOCTOR_GOOD, DOCTOR_NONE,
		    "pages of %.200s may read", origin);
	return ERR_OK;
}

/* As browsers write it. */
enum err
doctor_check_cors(struct doctor *d, struct problem *p)
{
	struct slice origin = origin_of_url(buf_view(&d->origin.href));
	char *text;
	enum err e;

	if (d->options->origin == NULL && d->options->page == NULL)
		return ERR_OK;
	if (origin_is_of(origin, buf_view(&d->url.href)))
		return ERR_OK;
	if ((text = mem_text(origin)) == NULL)
		return ERR_NOMEM;
	e = ask_cors(d, text, p);
	mem_free(text);
	return e;
}

/* Does the hub take what is in it? */
static enum err
try_cookie(struct doctor *d, const struct doctor_cookie *c, struct problem *p)
{
	const char *headers[2] = { NULL, NULL };
	const struct http_ask ask = {
		.url = d->stream_url, .method = "HEAD", .headers = headers
	};
	const struct http_seen *s;
	struct buf line;
	enum err e;

	buf_init(&line, HEADER_MAX);
	buf_printf(&line, "Cookie: %.*s=%.*s", SLICE_ARG(c->name),
	    SLICE_ARG(c->value));
	buf_byte(&line, '\0');
	headers[0] = line.base;
	if ((e = line.err) == ERR_OK)
		e = doctor_ask(d, &s, &ask, p);
	buf_wipe(&line);
	if (e != ERR_OK)
		return e;
	if (s->status == 200)
		doctor_report_add(d->report, "cookie", DOCTOR_GOOD, DOCTOR_NONE,
		    "a browser returns it, and the hub takes it");
	else
		doctor_report_add(d->report, "cookie", DOCTOR_BAD, DOCTOR_TOKEN,
		    "a browser returns it, but the hub refuses it (%d): is "
		    "its MERCURE_SUBSCRIBER_SECRET_KEY the one the cookie was "
		    "made with?  Its log says why",
		    s->status);
	return ERR_OK;
}

static enum err
judge_cookie(struct doctor *d, const struct doctor_cookie *c,
    const struct url *page, struct problem *p)
{
	enum doctor_return r =
	    doctor_cookie_judge(c, page, &d->origin, &d->url);

	/* A page gives its own away; one of ours stays with us. */
	if (r == DOCTOR_RETURNED && d->options->page == NULL &&
	    d->trust == DOCTOR_STRANGER) {
		doctor_report_add(d->report, "cookie", DOCTOR_NOTED,
		    DOCTOR_NONE, "a browser returns it; " DOCTOR_NOT_OURS);
		return ERR_OK;
	}
	if (r == DOCTOR_RETURNED)
		return try_cookie(d, c, p);
	doctor_report_add(d->report, "cookie", DOCTOR_BAD, DOCTOR_COOKIE,
	    "a browser does not return %.60s: %s", d->h->config->cookie_name,
	    doctor_return_text(r));
	return ERR_OK;
}

/* The one the hub reads, among those the page sets; the last one counts. */
static bool
find_cookie(
    struct doctor_cookie *out, const struct http_seen *s, const char *name)
{
	struct slice value;
	bool found = false;

	for (size_t i = 0;; i++) {
		struct doctor_cookie c;

		value = http_head_value(buf_view(&s->head), "Set-Cookie", i);
		if (value.base == NULL)
			return found;
		if (doctor_cookie_read(&c, value) && slice_is(c.name, name)) {
			*out = c;
			found = true;
		}
	}
}

static enum err
check_page(struct doctor *d, struct problem *p)
{
	const struct http_ask ask = { .url = d->options->page };
	struct url page = { .part = { { NULL, 0 } } };
	const struct http_seen *s;
	struct doctor_cookie c;
	enum err e = doctor_ask(d, &s, &ask, p);

	if (e != ERR_OK)
		return e;
	if (!find_cookie(&c, s, d->h->config->cookie_name)) {
		char outcome[PROBLEM_MAX - 160];

		doctor_outcome(outcome, sizeof(outcome), s);
		doctor_report_add(d->report, "cookie", DOCTOR_BAD,
		    DOCTOR_COOKIE,
		    "the page sets none that is called %.60s "
		    "(MERCURE_AUTHZ_COOKIE_NAME): %s",
		    d->h->config->cookie_name, outcome);
		return ERR_OK;
	}
	if ((e = url_parse(&page, slice_of(d->options->page), NULL, 0)) ==
	    ERR_OK)
		e = judge_cookie(d, &c, &page, p);
	url_free(&page);
	return e;
}

/* Without a page to look at: what one of this origin would set. */
enum err
doctor_check_cookie(struct doctor *d, struct problem *p)
{
	const char *const topic = d->topic;
	enum pushcgi_result made;
	struct doctor_cookie c;
	char *text = NULL;
	enum err e = ERR_OK;

	if (d->options->page != NULL)
		return check_page(d, p);
	made = pushcgi_cookie(d->h, &text, &topic, 1, NULL, doctor_token_s(d));
	if (made == PUSHCGI_MEMORY)
		return ERR_NOMEM;
	if (made != PUSHCGI_OK) {
		doctor_report_add(d->report, "cookie", DOCTOR_NOTED,
		    DOCTOR_NONE, "not looked at: %.200s", pushcgi_error(d->h));
		return ERR_OK;
	}
	if (doctor_cookie_read(&c, slice_of(text)))
		e = judge_cookie(d, &c, &d->origin, p);
	pushcgi_free(text);
	return e;
}
