/* SPDX-License-Identifier: MIT */
/* site.c - checks whether the hub receives requests for the site's pages. */
#include "check/state.h"
#include "mercure/discovery.h"

/* The hub's answer to requests for any page that is not its own. */
#define ELSEWHERE "The hub is at " DISCOVERY_PATH

enum page { PAGE_PLAIN, PAGE_PHP, PAGE_FIRST, PAGES };

/* Apache gives a page of PHP to its back end whether there is one or not. */
static const char *const paths[PAGES] = {
	[PAGE_PLAIN] = "/pushcgi-check",
	[PAGE_PHP] = "/pushcgi-check.php",
	[PAGE_FIRST] = "/",
};

static bool
is_from_hub(const struct http_seen *s)
{
	const struct slice body = buf_view(&s->body);

	return doctor_is_sentence(s) && s->status == 404 &&
	       slice_starts(body, ELSEWHERE);
}

static enum err
ask_page(struct doctor *d, bool *from_hub, const char *path, struct problem *p)
{
	struct http_ask ask = { .headers = NULL };
	struct url url = { .part = { { NULL, 0 } } };
	const struct http_seen *s;
	struct buf text;
	enum err e;

	buf_init(&text, URL_HREF_MAX);
	if ((e = url_parse(&url, slice_of(path), &d->url, 0)) != ERR_OK)
		return e;
	buf_slice(&text, buf_view(&url.href));
	buf_byte(&text, '\0');
	if ((e = text.err) == ERR_OK) {
		ask.url = text.base;
		e = doctor_ask(d, &s, &ask, p);
	}
	if (e == ERR_OK)
		*from_hub = is_from_hub(s);
	buf_free(&text);
	url_free(&url);
	return e;
}

enum err
doctor_check_pages(struct doctor *d, struct problem *p)
{
	bool from_hub[PAGES];
	enum err e;

	for (size_t i = 0; i < PAGES; i++)
		if ((e = ask_page(d, &from_hub[i], paths[i], p)) != ERR_OK)
			return e;
	if (from_hub[PAGE_PLAIN])
		doctor_report_add(d->report, "pages", DOCTOR_NOTED, DOCTOR_NONE,
		    "all pages of this host come from the hub: if it is not "
		    "the hub's alone, give the hub its paths only");
	else if (from_hub[PAGE_PHP] || from_hub[PAGE_FIRST])
		doctor_report_add(d->report, "pages", DOCTOR_BAD, DOCTOR_TAKEN,
		    "%s sends requests for other pages to the hub (%s), and "
		    "not to the program that makes them",
		    d->report->shown,
		    from_hub[PAGE_PHP] ? "those of PHP" : "the first one");
	else
		doctor_report_add(d->report, "pages", DOCTOR_GOOD, DOCTOR_NONE,
		    "the site's own do not come from the hub");
	return ERR_OK;
}
