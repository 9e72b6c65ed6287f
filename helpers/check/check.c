/* SPDX-License-Identifier: MIT */
/* check.c - the list of checks, and what they share. */
#include "check/check.h"

#include <stdio.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "check/state.h"
#include "http/http.h"
#include "lib/handle.h"
#include "mercure/discovery.h"
#include "text/http_fields.h"

#define URL_MAX 8192
#define HEADERS_MAX 8

/* The longest run takes less than TOKEN_S.  A machine of its own may have a
 * clock of its own, which is for doctor_check_clock() to find. */
#define TOKEN_S 300
#define OWN_TOKEN_S 3600

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	doctor_check_fn *run;
	bool is_long; /* not with `quick` */
} checks[] = {
	{ doctor_check_answer, false },
	{ doctor_check_clock, false },
	{ doctor_check_live, false },
	{ doctor_check_compression, false },
	{ doctor_check_authorization, false },
	{ doctor_check_slashes, false },
	{ doctor_check_body, false },
	{ doctor_check_head, false },
	{ doctor_check_pages, false },
	{ doctor_check_cors, false },
	{ doctor_check_cookie, false },
	{ doctor_check_streams, false },
	{ doctor_check_silence, true },
};

void
doctor_tell(const struct doctor *d, const char *what, int64_t ms)
{
	char text[160];

	if (d->options->tell == NULL)
		return;
	snprintf(text, sizeof(text), "%s (up to %lld s) ...", what,
	    (long long)(ms + 999) / 1000);
	d->options->tell(text);
}

bool
doctor_is_over(void *seen)
{
	const struct http_seen *const *s = seen;

	return (*s)->end_ms != 0;
}

bool
doctor_has_head(void *seen)
{
	const struct http_seen *const *s = seen;

	return (*s)->head_ms != 0 || (*s)->end_ms != 0;
}

enum err
doctor_ask(struct doctor *d, const struct http_seen **seen,
    const struct http_ask *ask, struct problem *p)
{
	enum err e = http_flow_ask(d->flow, seen, ask, p);

	if (e != ERR_OK)
		return e;
	http_flow_wait(
	    d->flow, doctor_is_over, seen, clock_mono_ms() + DOCTOR_ANSWER_MS);
	http_flow_stop(d->flow, *seen);
	return ERR_OK;
}

static enum err
open_stream(struct doctor *d, const struct http_seen **seen, const char *url,
    const char *const *headers, bool shares, struct problem *p)
{
	const char *all[HEADERS_MAX] = { "Accept: text/event-stream" };
	const struct http_ask ask = {
		.url = url, .headers = all, .shares = shares
	};
	size_t n = 1;

	if (d->entry != NULL)
		all[n++] = d->entry;
	for (; headers != NULL && *headers != NULL && n + 1 < HEADERS_MAX;
	     headers++)
		all[n++] = *headers;
	return http_flow_ask(d->flow, seen, &ask, p);
}

enum err
doctor_open(struct doctor *d, const struct http_seen **seen, const char *url,
    const char *const *headers, struct problem *p)
{
	return open_stream(d, seen, url, headers, false, p);
}

enum err
doctor_open_shared(
    struct doctor *d, const struct http_seen **seen, struct problem *p)
{
	return open_stream(d, seen, d->stream_url, NULL, true, p);
}

static bool
has_type(const struct http_seen *s, const char *type)
{
	struct slice value =
	    http_head_value(buf_view(&s->head), "Content-Type", 0);
	struct slice essence;

	return slice_cut(&value, ';', &essence) &&
	       slice_is(slice_trim(essence), type);
}

bool
doctor_is_hub(const struct http_seen *s)
{
	struct slice asks =
	    http_head_value(buf_view(&s->head), "WWW-Authenticate", 0);

	if (s->status == 200)
		return has_type(s, "text/event-stream");
	return s->status == 401 && asks.len >= 6 &&
	       strncasecmp(asks.base, "Bearer", 6) == 0;
}

bool
doctor_is_sentence(const struct http_seen *s)
{
	return s->status >= 400 && has_type(s, "text/plain");
}

void
doctor_outcome(char *out, size_t size, const struct http_seen *s)
{
	if (s->status != 0)
		snprintf(out, size, "the answer is %d", s->status);
	else if (s->err != ERR_OK)
		snprintf(out, size, "%.200s", s->problem.text);
	else
		snprintf(out, size, "there is no answer within %d s",
		    DOCTOR_ANSWER_MS / 1000);
}

/* Without a path it is the usual one. */
static enum err
read_url(struct doctor *d, struct problem *p)
{
	const char *given = d->options->url != NULL
				? d->options->url
				: d->h->config->public_hub_url;
	struct url base = { .part = { { NULL, 0 } } };
	enum err e;

	if (given == NULL)
		return problem_set(p, ERR_NOTFOUND,
		    "Which hub?  Give its URL, or set MERCURE_PUBLIC_HUB_URL.");
	if ((e = http_check_url(given, false, p)) != ERR_OK ||
	    (e = url_parse(&base, slice_of(given), NULL, 0)) != ERR_OK)
		return e;
	if (base.part[URL_QUERY].base != NULL ||
	    base.part[URL_FRAGMENT].base != NULL)
		e = problem_set(p, ERR_SYNTAX,
		    "The hub's URL ends with its path: leave out what follows "
		    "\"?\" or \"#\".");
	else
		e = url_parse(&d->url,
		    slice_of(base.part[URL_PATH].len > 1 ? "" : DISCOVERY_PATH),
		    &base, 0);
	url_free(&base);
	return e == ERR_NOMEM ? problem_set(p, e, "Out of memory.") : e;
}

static enum err
read_origin(struct doctor *d, struct problem *p)
{
	const char *given = d->options->origin;
	enum err e;

	if (given == NULL)
		given = d->options->page;
	if (given == NULL)
		return url_parse(&d->origin, buf_view(&d->url.href), NULL, 0);
	if ((e = http_check_url(given, false, p)) != ERR_OK)
		return e;
	return url_parse(&d->origin, slice_of(given), NULL, 0);
}

static enum err
find_owner(struct doctor *d)
{
	const char *const configured[] = { d->h->config->public_hub_url,
		d->h->config->hub_url };

	return doctor_trust_of(
	    &d->trust, &d->url, configured, COUNT(configured));
}

int64_t
doctor_token_s(const struct doctor *d)
{
	return d->trust == DOCTOR_OWN ? OWN_TOKEN_S : TOKEN_S;
}

static enum err
write_stream_url(const struct doctor *d, char **out, const char *more)
{
	const struct selector topic = selector_topic(slice_of(d->topic));
	struct buf b;
	enum err e;

	buf_init(&b, URL_MAX);
	discovery_url(&b, handle_dialect(d->h), buf_view(&d->url.href), &topic,
	    1, (struct slice){ NULL, 0 });
	buf_text(&b, more);
	if ((e = b.err) == ERR_OK && (*out = buf_steal(&b)) == NULL)
		e = ERR_NOMEM;
	buf_free(&b);
	return e;
}

static enum err
start(struct doctor *d, struct problem *p)
{
	char *url;
	enum err e;

	if ((e = read_url(d, p)) != ERR_OK ||
	    (e = read_origin(d, p)) != ERR_OK ||
	    (e = find_owner(d)) != ERR_OK ||
	    (e = uuid_urn(d->topic)) != ERR_OK ||
	    (e = write_stream_url(d, &d->stream_url, "")) != ERR_OK ||
	    (e = write_stream_url(d, &d->silent_url, "-silent")) != ERR_OK)
		return e;
	if ((url = mem_text(buf_view(&d->url.href))) == NULL)
		return ERR_NOMEM;
	e = doctor_report_new(&d->report, url);
	mem_free(url);
	if (e != ERR_OK)
		return e;
	return http_flow_new(&d->flow, d->h->config->ca_file, p);
}

enum err
doctor_run(struct doctor_report **out, struct pushcgi *h,
    const struct doctor_options *o, struct problem *p)
{
	struct doctor d = { .h = h, .options = o };
	enum err e = start(&d, p);

	for (size_t i = 0; i < COUNT(checks) && e == ERR_OK; i++) {
		if (!d.is_gone && !(o->quick && checks[i].is_long))
			e = checks[i].run(&d, p);
		/* What is missing here is no fault of the hub. */
		if (e == ERR_OK && http_flow_is_starved(d.flow))
			e = ERR_NOMEM;
	}
	if (e == ERR_NOMEM)
		problem_set(p, e, "Out of memory.");
	if (e == ERR_OK) {
		*out = d.report;
		d.report = NULL;
	}
	http_flow_free(d.flow);
	doctor_report_free(d.report);
	if (d.entry != NULL)
		mem_wipe_free(d.entry, strlen(d.entry));
	mem_free(d.stream_url);
	mem_free(d.silent_url);
	url_free(&d.url);
	url_free(&d.origin);
	return e;
}
