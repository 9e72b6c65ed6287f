/* SPDX-License-Identifier: MIT */
/* advise.c - the line of pushcgi.conf that names one URL more. */
#include "check/state.h"
#include "config/hub_urls.h"
#include "lib/handle.h"

/* What a finding has room for. */
#define LIST_MAX (PROBLEM_MAX - 80)

static void
add(struct buf *list, struct slice url)
{
	if (list->len > 0)
		buf_byte(list, ' ');
	buf_slice(list, url);
}

void
check_advise_url(struct check *k, const char *url, bool first)
{
	struct slice there = slice_of(k->h->config->public_hub_url), other;
	struct slice rest = slice_of(url), one;
	struct buf list;

	(void)slice_cut(&rest, '?', &one);
	if (k->advised || hub_urls_check_one(one) != NULL ||
	    memchr(one.base, ' ', one.len) != NULL)
		return;
	k->advised = true;
	buf_init(&list, LIST_MAX);
	if (first)
		add(&list, one);
	while (hub_urls_next(&there, &other))
		if (!slice_eq(other, one))
			add(&list, other);
	if (!first)
		add(&list, one);
	if (list.err == ERR_OK && hub_urls_check(buf_view(&list)) == NULL)
		check_report_add(k->report, "setting", CHECK_NOTED, CHECK_NONE,
		    "in pushcgi.conf, if this hub is yours: "
		    "MERCURE_PUBLIC_HUB_URL = %.*s",
		    SLICE_ARG(buf_view(&list)));
	buf_free(&list);
}
