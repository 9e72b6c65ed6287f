/* SPDX-License-Identifier: MIT */
/* cmd_listing.c - who subscribes, as the queue on this machine has it. */
#include "cmd.h"
#include "config_queue.h"
#include "handle.h"
#include "topic.h"

/* Is there, on this machine, what can be asked about `topic`? */
static enum err
check_listing(const struct pushcgi *h, struct slice topic, struct fault *f)
{
	if (handle_is_elsewhere(h))
		return fault_set(f, ERR_UNSUPPORTED,
		    "Who subscribes to an external hub (MERCURE_HUB_URL) can, "
		    "for now, only be seen on its machine; unset it, or make "
		    "it equal to MERCURE_PUBLIC_HUB_URL, if this is the one.");
	if (!h->config->subscriptions)
		return fault_set(f, ERR_UNSUPPORTED,
		    "Active subscriptions are switched off "
		    "(MERCURE_HUB_SUBSCRIPTIONS).");
	if (topic.base == NULL)
		return ERR_OK;
	return topic_check_selector(topic, h->config->topic_length_max, f);
}

enum err
cmd_list_subscriptions(const struct pushcgi *h, struct slice topic,
    queue_subscription_fn *each, void *arg, struct buf *last_id,
    struct fault *f)
{
	const struct queue_settings settings = config_queue(h->config);
	struct queue *q = NULL;
	enum err e;

	if ((e = check_listing(h, topic, f)) != ERR_OK)
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
