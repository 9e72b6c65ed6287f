/* SPDX-License-Identifier: MIT */
/* answer.c - is there a hub, behind which server, and what time is it? */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "check/state.h"
#include "http/http_easy.h"
#include "lib/handle.h"
#include "text/http_fields.h"

#define SKEW_S 30 /* more than a slow answer explains */
#define TARGET_MAX 120

/* Its name and version; what Apache adds tells what it has loaded, and not
 * what the hub is reached by. */
static void
note_server(struct doctor *d, const struct http_seen *s)
{
	struct slice server = http_head_value(buf_view(&s->head), "Server", 0);
	struct slice product = { NULL, 0 };

	d->report->server.kind = doctor_kind_of(server);
	slice_cut(&server, ' ', &product);
	if (product.len == 0)
		product = slice_of("a server without a name");
	http_show(d->report->shown, sizeof(d->report->shown), product);
}

/* Without what others must not see. */
static void
refuse_redirect(struct doctor *d, const struct http_seen *s)
{
	struct slice to = http_head_value(buf_view(&s->head), "Location", 0);
	struct slice without_query = { NULL, 0 };
	char shown[TARGET_MAX];

	slice_cut(&to, '?', &without_query);
	http_show(shown, sizeof(shown), without_query);
	doctor_report_add(d->report, "answer", DOCTOR_BAD, DOCTOR_REDIRECT,
	    "it leads on to %s, which no EventSource of another page follows "
	    "with its rights: name that URL in MERCURE_PUBLIC_HUB_URL",
	    shown);
}

static void
refuse(struct doctor *d, const struct http_seen *s)
{
	struct doctor_report *r = d->report;
	char outcome[PROBLEM_MAX - 120];

	d->is_gone = true;
	doctor_outcome(outcome, sizeof(outcome), s);
	if (s->status == 0)
		doctor_report_add(r, "answer", DOCTOR_BAD, DOCTOR_UNREACHABLE,
		    "no answer: %s", outcome);
	else if (s->status / 100 == 3)
		refuse_redirect(d, s);
	else if (s->status == 429)
		doctor_report_add(r, "answer", DOCTOR_BAD, DOCTOR_NONE,
		    "the hub has as many streams as it may: look at "
		    "MERCURE_MAX_CONNECTIONS and its like");
	else if (s->status / 100 == 5)
		doctor_report_add(r, "answer", DOCTOR_BAD, DOCTOR_HUB_DOWN,
		    "%s answers with %d: it does not reach the hub, or cannot "
		    "start it; its log says why",
		    r->shown, s->status);
	else
		doctor_report_add(r, "answer", DOCTOR_BAD, DOCTOR_NO_HUB,
		    "%s answers with %d, and no hub: is the path right, and "
		    "the hub's part in its configuration?",
		    r->shown, s->status);
}

/* Is it one of this hub's? */
static enum err
try_entry(struct doctor *d, struct problem *p)
{
	const char *const headers[] = { d->entry, NULL };
	const struct http_ask ask = {
		.url = d->stream_url, .method = "HEAD", .headers = headers
	};
	const struct http_seen *s;
	enum err e = doctor_ask(d, &s, &ask, p);

	if (e != ERR_OK || s->status == 200)
		return e;
	d->is_gone = true;
	doctor_report_add(d->report, "answer", DOCTOR_BAD, DOCTOR_TOKEN,
	    "the hub lets nobody in without a token, and refuses the one made "
	    "here (%d): is MERCURE_SUBSCRIBER_SECRET_KEY the same?  Its log "
	    "says why",
	    s->status);
	return ERR_OK;
}

static enum err
stay_outside(struct doctor *d, const char *why)
{
	d->is_gone = true;
	doctor_report_add(d->report, "answer", DOCTOR_BAD, DOCTOR_TOKEN,
	    "the hub lets nobody in without a token: %.200s", why);
	return ERR_OK;
}

/* A cookie, since a header may be lost. */
static enum err
find_entry(struct doctor *d, struct problem *p)
{
	const char *const topic = d->topic;
	enum pushcgi_result made;
	char *token = NULL;
	struct buf line;
	enum err e;

	if (d->trust == DOCTOR_STRANGER)
		return stay_outside(d, DOCTOR_NOT_OURS);
	made = pushcgi_subscriber_token(
	    d->h, &token, &topic, 1, NULL, doctor_token_s(d));
	if (made == PUSHCGI_MEMORY)
		return ERR_NOMEM;
	if (made != PUSHCGI_OK)
		return stay_outside(d, pushcgi_error(d->h));
	buf_init(&line, 8192);
	buf_printf(&line, "Cookie: %s=%s", d->h->config->cookie_name, token);
	pushcgi_free(token);
	if ((e = line.err) == ERR_OK && (d->entry = buf_steal(&line)) == NULL)
		e = ERR_NOMEM;
	buf_wipe(&line);
	return e != ERR_OK ? e : try_entry(d, p);
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
doctor_check_answer(struct doctor *d, struct problem *p)
{
	const struct http_ask ask = { .url = d->stream_url, .method = "HEAD" };
	const struct http_seen *s;
	enum err e = doctor_ask(d, &s, &ask, p);

	if (e != ERR_OK)
		return e;
	note_server(d, s);
	if (!doctor_is_hub(s)) {
		refuse(d, s);
		return ERR_OK;
	}
	doctor_report_add(d->report, "answer", DOCTOR_GOOD, DOCTOR_NONE,
	    "a hub behind %s, by %s, after %lld ms", d->report->shown,
	    version_text(s->version), (long long)(s->head_ms - s->asked_ms));
	return s->status == 401 ? find_entry(d, p) : ERR_OK;
}

enum err
doctor_check_clock(struct doctor *d, struct problem *p)
{
	const struct http_ask ask = { .url = d->stream_url, .method = "HEAD" };
	const struct http_seen *s;
	int64_t theirs, ours, ahead;
	enum err e = doctor_ask(d, &s, &ask, p);

	if (e != ERR_OK)
		return e;
	ours = clock_real_ms() / 1000;
	if (!http_head_date(
		&theirs, http_head_value(buf_view(&s->head), "Date", 0))) {
		doctor_report_add(d->report, "clock", DOCTOR_NOTED, DOCTOR_NONE,
		    "the server does not tell the time (header Date)");
		return ERR_OK;
	}
	ahead = theirs - ours;
	if (llabs(ahead) > SKEW_S)
		doctor_report_add(d->report, "clock", DOCTOR_BAD, DOCTOR_CLOCK,
		    "the server's clock is %lld s %s this machine's: tokens "
		    "expire at the wrong time",
		    llabs(ahead), ahead > 0 ? "ahead of" : "behind");
	else
		doctor_report_add(d->report, "clock", DOCTOR_GOOD, DOCTOR_NONE,
		    "the server's is right to %d s", SKEW_S);
	return ERR_OK;
}
