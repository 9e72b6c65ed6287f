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

bool
cmd_hub_is_elsewhere(const struct config *c)
{
	return c->hub_url != NULL && (c->public_hub_url == NULL ||
					 strcmp(c->hub_url, c->public_hub_url));
}

/* Is there, on this machine, what can be asked about `topic`? */
static enum err
check_listing(struct slice topic, const struct config *c, struct fault *f)
{
	if (cmd_hub_is_elsewhere(c))
		return fault_set(f, ERR_UNSUPPORTED,
		    "Who subscribes to an external hub (MERCURE_HUB_URL) can, "
		    "for now, only be seen on its machine; unset it, or make "
		    "it equal to MERCURE_PUBLIC_HUB_URL, if this is the one.");
	if (!c->subscriptions)
		return fault_set(f, ERR_UNSUPPORTED,
		    "Active subscriptions are switched off "
		    "(MERCURE_HUB_SUBSCRIPTIONS).");
	if (topic.base == NULL)
		return ERR_OK;
	return topic_check_selector(topic, c->topic_length_max, f);
}

enum err
cmd_list_subscriptions(struct slice topic, const struct config *c,
    queue_subscription_fn *each, void *arg, struct buf *last_id,
    struct fault *f)
{
	const struct queue_settings settings = { .url = c->transport_url,
		.lock_timeout_ms = CMD_LOCK_TIMEOUT_MS };
	struct queue *q = NULL;
	enum err e;

	if ((e = check_listing(topic, c, f)) != ERR_OK)
		return e;
	if ((e = queue_open(&q, &settings, QUEUE_READ, f)) != ERR_OK)
		return e;
	e = queue_subscriptions(q, topic, slice_of(NULL), each, arg, last_id);
	queue_close(q);
	if (e != ERR_OK)
		fault_set(f, e,
		    "Who subscribes cannot be read from the queue "
		    "(MERCURE_TRANSPORT_URL): %s.",
		    err_text(e));
	return e;
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
