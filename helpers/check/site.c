/* SPDX-License-Identifier: MIT */
/* site.c - checks whether the hub receives requests for the site's pages. */
#include "check/state.h"
#include "mercure/discovery.h"

/* The hub's answer to requests for any page that is not its own. */
#define HUB_IS_AT "The hub is at " DISCOVERY_PATH

enum page { PAGE_PLAIN, PAGE_PHP, PAGE_FIRST, PAGES };

/* Apache gives a page of PHP to its back end whether there is one or not. */
static const char *const paths[PAGES] = {
	[PAGE_PLAIN] = "/pushcgi-check",
	[PAGE_PHP] = "/pushcgi-check.php",
	[PAGE_FIRST] = "/",
};

static bool
is_from_hub(const struct http_answer *s)
{
	const struct slice body = buf_view(&s->body);

	return check_is_sentence(s) && s->status == 404 &&
	       slice_starts(body, HUB_IS_AT);
}

static enum err
ask_page(struct check *k, bool *from_hub, const char *path, struct problem *p)
{
	struct http_request rq = { .headers = NULL };
	struct url url = { .part = { { NULL, 0 } } };
	const struct http_answer *s;
	struct buf text;
	enum err e;

	buf_init(&text, URL_HREF_MAX);
	if ((e = url_parse(&url, slice_of(path), &k->url, 0)) != ERR_OK)
		return e;
	buf_slice(&text, buf_view(&url.href));
	buf_byte(&text, '\0');
	if ((e = text.err) == ERR_OK) {
		rq.url = text.base;
		e = check_ask(k, &s, &rq, p);
	}
	if (e == ERR_OK)
		*from_hub = is_from_hub(s);
	buf_free(&text);
	url_free(&url);
	return e;
}

enum err
check_pages(struct check *k, struct problem *p)
{
	bool from_hub[PAGES];
	enum err e;

	for (size_t i = 0; i < PAGES; i++)
		if ((e = ask_page(k, &from_hub[i], paths[i], p)) != ERR_OK)
			return e;
	if (from_hub[PAGE_PLAIN])
		check_report_add(k->report, "pages", CHECK_NOTED, CHECK_NONE,
		    "all pages of this host come from the hub: if it is not "
		    "the hub's alone, give the hub its paths only");
	else if (from_hub[PAGE_PHP] || from_hub[PAGE_FIRST])
		check_report_add(k->report, "pages", CHECK_BAD, CHECK_TAKEN,
		    "%s sends requests for other pages to the hub (%s), and "
		    "not to the program that makes them",
		    k->report->shown,
		    from_hub[PAGE_PHP] ? "those of PHP" : "the first one");
	else
		check_report_add(k->report, "pages", CHECK_GOOD, CHECK_NONE,
		    "the site's own do not come from the hub");
	return ERR_OK;
}
