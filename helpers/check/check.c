/* SPDX-License-Identifier: MIT */
/* check.c - the list of checks, and what they share. */
#include "check/check.h"

#include <stdio.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "check/state.h"
#include "lib/handle.h"
#include "mercure/discovery.h"

#define URL_MAX 8192
#define HEADERS_MAX 8

/* The longest run takes less than TOKEN_S.  A machine of its own may have a
 * clock of its own, which is for check_clock() to find. */
#define TOKEN_S 300
#define OWN_TOKEN_S 3600

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	check_fn *run;
	bool is_long; /* not with `quick` */
} checks[] = {
	{ check_answer, false },
	{ check_clock, false },
	{ check_live, false },
	{ check_compression, false },
	{ check_authorization, false },
	{ check_slashes, false },
	{ check_body, false },
	{ check_head, false },
	{ check_pages, false },
	{ check_cors, false },
	{ check_cookie, false },
	{ check_streams, false },
	{ check_silence, true },
};

void
check_announce(const struct check *k, const char *what, int64_t ms)
{
	char text[160];

	if (k->options->announce == NULL)
		return;
	snprintf(text, sizeof(text), "%s (up to %lld s) ...", what,
	    (long long)(ms + 999) / 1000);
	k->options->announce(text);
}

bool
check_is_over(void *answer)
{
	const struct http_answer *const *s = answer;

	return (*s)->end_ms != 0;
}

bool
check_has_head(void *answer)
{
	const struct http_answer *const *s = answer;

	return (*s)->head_ms != 0 || (*s)->end_ms != 0;
}

static enum err
begin(struct check *k, const struct http_answer **answer,
    const struct http_request *rq, struct problem *p)
{
	struct http_request with_ca = *rq;

	with_ca.ca_file = k->h->config->ca_file;
	return http_client_ask(k->client, answer, &with_ca, p);
}

enum err
check_ask(struct check *k, const struct http_answer **answer,
    const struct http_request *rq, struct problem *p)
{
	enum err e = begin(k, answer, rq, p);

	if (e != ERR_OK)
		return e;
	http_client_wait(k->client, check_is_over, answer,
	    clock_mono_ms() + CHECK_ANSWER_MS);
	http_client_stop(k->client, *answer);
	return ERR_OK;
}

static enum err
open_stream(struct check *k, const struct http_answer **answer, const char *url,
    const char *const *headers, bool shares, struct problem *p)
{
	const char *all[HEADERS_MAX] = { "Accept: text/event-stream" };
	const struct http_request rq = {
		.url = url, .headers = all, .shares = shares
	};
	size_t n = 1;

	if (k->entry != NULL)
		all[n++] = k->entry;
	for (; headers != NULL && *headers != NULL && n + 1 < HEADERS_MAX;
	     headers++)
		all[n++] = *headers;
	return begin(k, answer, &rq, p);
}

enum err
check_open(struct check *k, const struct http_answer **answer, const char *url,
    const char *const *headers, struct problem *p)
{
	return open_stream(k, answer, url, headers, false, p);
}

enum err
check_open_shared(
    struct check *k, const struct http_answer **answer, struct problem *p)
{
	return open_stream(k, answer, k->stream_url, NULL, true, p);
}

static bool
has_type(const struct http_answer *s, const char *type)
{
	struct slice value = http_field(s, "Content-Type", 0);
	struct slice essence;

	return slice_cut(&value, ';', &essence) &&
	       slice_is(slice_trim(essence), type);
}

bool
check_is_hub(const struct http_answer *s)
{
	struct slice asks = http_field(s, "WWW-Authenticate", 0);

	if (s->status == 200)
		return has_type(s, "text/event-stream");
	return s->status == 401 && asks.len >= 6 &&
	       strncasecmp(asks.base, "Bearer", 6) == 0;
}

bool
check_is_sentence(const struct http_answer *s)
{
	return s->status >= 400 && has_type(s, "text/plain");
}

void
check_outcome(char *out, size_t size, const struct http_answer *s)
{
	if (s->status != 0)
		snprintf(out, size, "the answer is %d", s->status);
	else if (s->err != ERR_OK)
		snprintf(out, size, "%.200s", s->problem.text);
	else
		snprintf(out, size, "there is no answer within %d s",
		    CHECK_ANSWER_MS / 1000);
}

/* Without a path it is the usual one. */
static enum err
read_url(struct check *k, struct problem *p)
{
	const char *given = k->options->url != NULL
				? k->options->url
				: k->h->config->public_hub_url;
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
		e = url_parse(&k->url,
		    slice_of(base.part[URL_PATH].len > 1 ? "" : DISCOVERY_PATH),
		    &base, 0);
	url_free(&base);
	return e == ERR_NOMEM ? problem_set(p, e, "Out of memory.") : e;
}

static enum err
read_origin(struct check *k, struct problem *p)
{
	const char *given = k->options->origin;
	enum err e;

	if (given == NULL)
		given = k->options->page;
	if (given == NULL)
		return url_parse(&k->origin, buf_view(&k->url.href), NULL, 0);
	if ((e = http_check_url(given, false, p)) != ERR_OK)
		return e;
	return url_parse(&k->origin, slice_of(given), NULL, 0);
}

static enum err
find_owner(struct check *k)
{
	const char *const configured[] = { k->h->config->public_hub_url,
		k->h->config->hub_url };

	return check_trust_of(
	    &k->trust, &k->url, configured, COUNT(configured));
}

int64_t
check_token_s(const struct check *k)
{
	return k->trust == CHECK_OWN ? OWN_TOKEN_S : TOKEN_S;
}

static enum err
write_stream_url(const struct check *k, char **out, const char *more)
{
	const struct selector topic = selector_topic(slice_of(k->topic));
	struct buf b;
	enum err e;

	buf_init(&b, URL_MAX);
	discovery_url(&b, handle_dialect(k->h), buf_view(&k->url.href), &topic,
	    1, (struct slice){ NULL, 0 });
	buf_text(&b, more);
	if ((e = b.err) == ERR_OK && (*out = buf_steal(&b)) == NULL)
		e = ERR_NOMEM;
	buf_free(&b);
	return e;
}

static enum err
start(struct check *k, struct problem *p)
{
	char *url;
	enum err e;

	uuid_urn(k->topic);
	if ((e = read_url(k, p)) != ERR_OK ||
	    (e = read_origin(k, p)) != ERR_OK ||
	    (e = find_owner(k)) != ERR_OK ||
	    (e = write_stream_url(k, &k->stream_url, "")) != ERR_OK ||
	    (e = write_stream_url(k, &k->silent_url, "-silent")) != ERR_OK)
		return e;
	if ((url = mem_text(buf_view(&k->url.href))) == NULL)
		return ERR_NOMEM;
	e = check_report_new(&k->report, url);
	mem_free(url);
	if (e != ERR_OK)
		return e;
	return http_client_new(&k->client, p);
}

enum err
check_run(struct check_report **out, struct pushcgi *h,
    const struct check_options *o, struct problem *p)
{
	struct check k = { .h = h, .options = o };
	enum err e = start(&k, p);

	for (size_t i = 0; i < COUNT(checks) && e == ERR_OK; i++) {
		if (k.hub != CHECK_HUB_GONE && !(o->quick && checks[i].is_long))
			e = checks[i].run(&k, p);
		/* What is missing here is not a problem of the hub. */
		if (e == ERR_OK && http_client_is_starved(k.client))
			e = ERR_NOMEM;
	}
	if (e == ERR_NOMEM)
		problem_set(p, e, "Out of memory.");
	if (e == ERR_OK) {
		*out = k.report;
		k.report = NULL;
	}
	http_client_free(k.client);
	check_report_free(k.report);
	if (k.entry != NULL)
		mem_wipe_free(k.entry, strlen(k.entry));
	mem_free(k.stream_url);
	mem_free(k.silent_url);
	url_free(&k.url);
	url_free(&k.origin);
	return e;
}
