/* SPDX-License-Identifier: MIT */
/* check.c - the list of checks, and a run of all of them. */
#include "check/check.h"

#include <string.h>

#include "base/mem.h"
#include "check/state.h"
#include "config/hub_urls.h"
#include "lib/handle.h"
#include "mercure/discovery.h"

#define URL_MAX 8192

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct step {
	check_fn *run;
	bool is_long; /* not with `quick` */
} checks[] = {
	{ check_answer, false },
	{ check_clock, false },
	{ check_live, false },
	{ check_head_fields, false },
	{ check_compression, false },
	{ check_refusals, false },
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

/* Without a path it is the usual one. */
static enum err
parse_url(struct check *k, const char *given, struct problem *p)
{
	struct url base = { .part = { { NULL, 0 } } };
	enum err e;

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
read_url(struct check *k, struct problem *p)
{
	const struct slice first = hub_urls_first(k->h->config->public_hub_url);
	char *url;
	enum err e;

	if (k->options->url != NULL)
		return parse_url(k, k->options->url, p);
	if (first.base == NULL)
		return problem_set(p, ERR_NOTFOUND,
		    "Which hub?  Give its URL, or set MERCURE_PUBLIC_HUB_URL.");
	if ((url = mem_text(first)) == NULL)
		return ERR_NOMEM;
	e = parse_url(k, url, p);
	mem_free(url);
	return e;
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
	const struct config *c = k->h->config;
	struct slice rest = slice_of(c->public_hub_url);
	struct slice configured[HUB_URLS_MAX + 1];
	size_t n = 0;

	while (n < HUB_URLS_MAX && hub_urls_next(&rest, &configured[n]))
		n++;
	if (c->hub_url != NULL)
		configured[n++] = slice_of(c->hub_url);
	return check_trust_of(&k->trust, &k->url, configured, n);
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
	    (e = write_stream_url(k, &k->silent_url, CHECK_QUIET_END)) !=
		ERR_OK)
		return e;
	if ((url = mem_text(buf_view(&k->url.href))) == NULL)
		return ERR_NOMEM;
	e = check_report_new(&k->report, url);
	mem_free(url);
	if (e != ERR_OK)
		return e;
	return http_client_new(&k->client, p);
}

/* A check that met a limit of the web server has found nothing else. */
static enum err
run_one(struct check *k, const struct step *step, struct problem *p)
{
	struct check_report *r = k->report;
	const size_t before = r->n;
	enum err e = step->run(k, p);

	if (e != ERR_OK || k->limited == 0)
		return e;
	r->n = before;
	k->hub = CHECK_HUB_GONE;
	check_report_add(r, "limits", CHECK_BAD, CHECK_LIMITED,
	    "%s, and not the hub, answers with %d to a client that asks often "
	    "or has several streams: exempt the hub's URL from that limit",
	    r->shown, k->limited);
	return ERR_OK;
}

enum err
check_run(struct check_report **out, struct pushcgi *h,
    const struct check_options *o, struct problem *p)
{
	struct check k = { .h = h, .options = o };
	enum err e = start(&k, p);

	for (size_t i = 0; i < COUNT(checks) && e == ERR_OK; i++) {
		if (k.hub != CHECK_HUB_GONE && !(o->quick && checks[i].is_long))
			e = run_one(&k, &checks[i], p);
		/* What is missing here is not a problem of the hub. */
		if (e == ERR_OK && http_client_is_starved(k.client))
			e = ERR_NOMEM;
	}
	if (e == ERR_OK && k.silent != NULL)
		e = check_leave(&k);
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
