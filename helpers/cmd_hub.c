/* SPDX-License-Identifier: MIT */
/* cmd_hub.c - what several subcommands ask about the hub. */
#include "cmd.h"
#include "discovery.h"
#include "topic.h"

struct slice
cmd_hub_url(const struct config *c)
{
	if (c->public_hub_url != NULL)
		return slice_of(c->public_hub_url);
	if (c->hub_url != NULL)
		return slice_of(c->hub_url);
	return slice_of(DISCOVERY_PATH);
}

enum err
cmd_check_selectors(const struct slice *selectors, size_t n,
    const struct config *c, struct fault *f)
{
	enum err e;

	/* The hub would refuse the request, or the token, later. */
	if (n > c->matchers_max)
		return fault_set(f, ERR_LIMIT,
		    "These are more topics than MERCURE_MAX_MATCHERS allows "
		    "(%llu).",
		    (unsigned long long)c->matchers_max);
	for (size_t i = 0; i < n; i++) {
		e = topic_check_selector(selectors[i], c->topic_length_max, f);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}
