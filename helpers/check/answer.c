/* SPDX-License-Identifier: MIT */
/* answer.c - is there a hub, behind which server, and what time is it? */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "check/state.h"
#include "lib/token.h"
#include "text/shown.h"

#define SKEW_S 30 /* more than a slow answer explains */

/* Its name and version; what Apache adds names the modules it has loaded, and
 * not what the hub is reached by. */
static void
note_server(struct check *k, const struct http_answer *s)
{
	struct slice server = http_field(s, "Server", 0);
	struct slice product = { NULL, 0 };

	k->report->server.kind = check_kind_of(server);
	slice_cut(&server, ' ', &product);
	if (product.len == 0)
		product = slice_of("a server without a name");
	shown_copy(k->report->shown, sizeof(k->report->shown), product);
}

static void
refuse_redirect(struct check *k, const struct http_answer *s)
{
	check_report_add(k->report, "answer", CHECK_BAD, CHECK_REDIRECT,
	    "it redirects to %s, which an EventSource on another site does not "
	    "follow with its cookie: set MERCURE_PUBLIC_HUB_URL to that URL",
	    s->redirect);
	check_advise_url(k, s->redirect, true);
}

static void
refuse_often(struct check *k, const struct http_answer *s)
{
	if (check_is_sentence(s))
		check_report_add(k->report, "answer", CHECK_BAD, CHECK_NONE,
		    "the hub has as many streams as it may: check "
		    "MERCURE_MAX_CONNECTIONS and the other limits");
	else
		check_report_add(k->report, "answer", CHECK_BAD, CHECK_LIMITED,
		    "%s, and not the hub, answers with 429: exempt the hub's "
		    "URL from its limit of requests",
		    k->report->shown);
}

static bool
starts_hubs(const struct check_server *s)
{
	return s->kind == CHECK_APACHE || s->kind == CHECK_LIGHTTPD;
}

/* The hub's own, or one of its web server.  Apache and lighttpd answer with
 * 500 only if they start the hub themselves. */
static void
refuse_down(struct check *k, const struct http_answer *s)
{
	struct check_report *r = k->report;

	if (check_is_sentence(s))
		check_report_add(r, "answer", CHECK_BAD, CHECK_HUB_FAILS,
		    "the hub runs, but it cannot work (%d); its log says why",
		    s->status);
	else if (s->status == 500 && starts_hubs(&r->server))
		check_report_add(r, "answer", CHECK_BAD, CHECK_HUB_FAILS,
		    "%s starts the hub, and the hub ends at once (500); the "
		    "log of the web server says why",
		    r->shown);
	else
		check_report_add(r, "answer", CHECK_BAD, CHECK_HUB_DOWN,
		    "%s answers with %d: it does not reach the hub, or cannot "
		    "start it; its log says why",
		    r->shown, s->status);
}

static void
refuse(struct check *k, const struct http_answer *s)
{
	struct check_report *r = k->report;
	char outcome[PROBLEM_MAX - 120];

	k->hub = CHECK_HUB_GONE;
	check_outcome(outcome, sizeof(outcome), s);
	if (s->status == 0)
		check_report_add(r, "answer", CHECK_BAD, CHECK_UNREACHABLE,
		    "no answer: %s", outcome);
	else if (s->status / 100 == 3)
		refuse_redirect(k, s);
	else if (s->status == 429)
		refuse_often(k, s);
	else if (s->status == 403)
		check_report_add(r, "answer", CHECK_BAD, CHECK_DENIED,
		    "%s itself denies the hub's URL (403): a rule of the site, "
		    "such as one against paths that begin with a dot, comes "
		    "before the hub's part, or that is missing",
		    r->shown);
	else if (s->status == 401)
		check_report_add(r, "answer", CHECK_BAD, CHECK_PASSWORD,
		    "%s asks for a password of the site, which browsers do not "
		    "send with streams of other pages, and programs not at all",
		    r->shown);
	else if (s->status / 100 == 5)
		refuse_down(k, s);
	else if (s->status == 200 && check_has_type(s, "text/html"))
		check_report_add(r, "answer", CHECK_BAD, CHECK_PAGE,
		    "%s answers with a page of the site (200), and no hub: a "
		    "rule that gives all paths to a program comes before the "
		    "hub's part, or that is missing (pushcgi snippet)",
		    r->shown);
	else
		check_report_add(r, "answer", CHECK_BAD, CHECK_NO_HUB,
		    "%s answers with %d%s, and no hub: is the path right, and "
		    "the hub's part in its configuration, before rules for all "
		    "pages?",
		    r->shown, s->status,
		    check_has_type(s, "text/html") ? " and a page" : "");
}

/* Is it one of this hub's? */
static enum err
try_entry(struct check *k, struct problem *p)
{
	const char *const headers[] = { k->entry, NULL };
	const struct http_request rq = {
		.url = k->stream_url, .method = "HEAD", .headers = headers
	};
	const struct http_answer *s;
	enum err e = check_ask(k, &s, &rq, p);

	if (e != ERR_OK || s->status == 200)
		return e;
	k->hub = CHECK_HUB_GONE;
	check_report_add(k->report, "answer", CHECK_BAD, CHECK_TOKEN,
	    "the hub requires a token, and rejects the one made "
	    "here (%d): is MERCURE_SUBSCRIBER_SECRET_KEY the same?  Its log "
	    "says why",
	    s->status);
	return ERR_OK;
}

static enum err
stay_outside(struct check *k, const char *why)
{
	k->hub = CHECK_HUB_GONE;
	check_report_add(k->report, "answer", CHECK_BAD, CHECK_TOKEN,
	    "the hub requires a token: %.200s", why);
	return ERR_OK;
}

/* A cookie, since a header may be lost. */
static enum err
find_entry(struct check *k, struct problem *p)
{
	const struct slice topic = slice_of(k->topic);
	struct problem why = { "" };
	struct buf line;
	enum err e;

	if (k->trust == CHECK_STRANGER) {
		check_advise_url(k, k->report->url, false);
		return stay_outside(k, CHECK_NOT_OURS);
	}
	buf_init(&line, 8192);
	buf_printf(&line, "Cookie: %s=", k->h->config->cookie_name);
	e = handle_explain(handle_subscriber_token(k->h, &line, &topic, 1,
			       slice_of(NULL), check_token_s(k), &why),
	    &why);
	if (e != ERR_OK) {
		buf_wipe(&line);
		return e == ERR_NOMEM ? e : stay_outside(k, why.text);
	}
	if ((e = line.err) == ERR_OK && (k->entry = buf_steal(&line)) == NULL)
		e = ERR_NOMEM;
	buf_wipe(&line);
	return e != ERR_OK ? e : try_entry(k, p);
}

static const char *
version_text(int version)
{
	return version == 10   ? "HTTP/1.0"
	       : version == 20 ? "HTTP/2"
	       : version == 30 ? "HTTP/3"
			       : "HTTP/1.1";
}

enum err
check_answer(struct check *k, struct problem *p)
{
	const struct http_request rq = { .url = k->stream_url,
		.method = "HEAD" };
	const struct http_answer *s;
	enum err e = check_ask(k, &s, &rq, p);

	if (e != ERR_OK)
		return e;
	note_server(k, s);
	if (!check_is_hub(s)) {
		refuse(k, s);
		return ERR_OK;
	}
	k->has_answered = true;
	check_report_add(k->report, "answer", CHECK_GOOD, CHECK_NONE,
	    "a hub behind %s, by %s, after %lld ms", k->report->shown,
	    version_text(s->version), (long long)(s->head_ms - s->asked_ms));
	return s->status == 401 ? find_entry(k, p) : ERR_OK;
}

enum err
check_clock(struct check *k, struct problem *p)
{
	const struct http_request rq = { .url = k->stream_url,
		.method = "HEAD" };
	const struct http_answer *s;
	int64_t theirs, ours, ahead;
	enum err e = check_ask(k, &s, &rq, p);

	if (e != ERR_OK)
		return e;
	ours = clock_real_ms() / 1000;
	if (!http_client_date(k->client, &theirs, http_field(s, "Date", 0))) {
		check_report_add(k->report, "clock", CHECK_NOTED, CHECK_NONE,
		    "the server sends no time (header Date)");
		return ERR_OK;
	}
	ahead = theirs - ours;
	if (llabs(ahead) > SKEW_S)
		check_report_add(k->report, "clock", CHECK_BAD, CHECK_CLOCK,
		    "the server's clock is %lld s %s this machine's: tokens "
		    "expire at the wrong time",
		    llabs(ahead), ahead > 0 ? "ahead of" : "behind");
	else
		check_report_add(k->report, "clock", CHECK_GOOD, CHECK_NONE,
		    "the server's is right to %d s", SKEW_S);
	return ERR_OK;
}
