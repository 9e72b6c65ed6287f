/* SPDX-License-Identifier: MIT */
/* fuzz_hub_urls.c - a list of public hub URLs, and which of it a page gets. */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "config/hub_urls.h"
#include "text/host_name.h"
#include "text/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_within(struct slice part, const char *list)
{
	return part.base >= list && part.base + part.len <= list + strlen(list);
}

/* Each URL of a good list is good alone, and has an origin and a host. */
static void
check_list(const char *list)
{
	struct slice rest = slice_of(list), url;
	size_t n = 0;

	while (hub_urls_next(&rest, &url)) {
		char *text = mem_text(url);

		if (hub_urls_check_one(url) != NULL || ++n > HUB_URLS_MAX ||
		    text == NULL || !hub_urls_have(list, text) ||
		    origin_host(url).len == 0)
			abort();
		mem_free(text);
	}
	if (n == 0 && hub_urls_first(list).len != 0)
		abort();
}

/* What is chosen is a URL of the list or the end of one, and a path stays on
 * the page's own host. */
static void
check_choice(const char *list, struct slice host, struct slice page)
{
	struct slice url = hub_urls_for_request(list, host, true);
	bool plain;

	if (url.len > 0 &&
	    (!is_within(url, list) || origin_of_url(url).len == 0))
		abort();
	for (int crosses = 0; crosses < 2; crosses++) {
		url = hub_urls_for_page(&plain, list, page, crosses != 0);
		if (url.len == 0 || slice_is(url, "/"))
			continue;
		if (!is_within(url, list) ||
		    (url.base[0] != '/' && origin_of_url(url).len == 0) ||
		    slice_starts(url, "//"))
			abort();
	}
	if (origin_is_written(page) && hub_urls_have_origin(list, page)) {
		url = hub_urls_for_page(&plain, list, page, false);
		if (!origin_is_of(page, url))
			abort();
	}
}

/* Three lines: the list, a request's host, a page's origin. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, line[3];
	char *list;

	for (size_t i = 0; i < 3; i++) {
		line[i] = (struct slice){ NULL, 0 };
		slice_cut(&rest, '\n', &line[i]);
	}
	/* A setting has neither NUL nor other control characters. */
	if (line[0].len == 0 || memchr(line[0].base, '\0', line[0].len) != NULL)
		return 0;
	(void)host_name_is_valid(line[1]);
	if (host_name_is_valid(line[1]) && host_name_has_gap(line[1]))
		abort();
	if (hub_urls_check(line[0]) != NULL)
		return 0;
	list = mem_text(line[0]);
	if (list != NULL) {
		check_list(list);
		check_choice(list, line[1], line[2]);
	}
	mem_free(list);
	return 0;
}
