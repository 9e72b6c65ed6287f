/* SPDX-License-Identifier: MIT */
/* listing.c - who subscribes, as the queue on this machine has it. */
#include "lib/listing.h"

#include "match/topic.h"

static enum err
list_here(struct pushcgi *h, struct slice topic, queue_subscription_fn *each,
    void *arg, struct buf *last_id)
{
	struct queue *q;
	enum err e;

	if (!h->config->subscriptions)
		return problem_set(&h->problem, ERR_UNSUPPORTED,
		    "Active subscriptions are switched off "
		    "(MERCURE_HUB_SUBSCRIPTIONS).");
	if ((e = handle_queue(h, &q)) != ERR_OK)
		return e;
	e = queue_subscriptions(
	    q, selector_topic(topic), slice_of(NULL), each, arg, last_id);
	if (e != ERR_OK)
		problem_set(&h->problem, e,
		    "Who subscribes cannot be read from the queue "
		    "(MERCURE_TRANSPORT_URL): %s.",
		    err_text(e));
	return e;
}

enum err
handle_list(struct pushcgi *h, struct slice topic, queue_subscription_fn *each,
    void *arg, struct buf *last_id)
{
	enum err e = ERR_OK;

	if (topic.base != NULL)
		e = topic_check_selector(
		    topic, h->config->topic_length_max, &h->problem);
	if (e != ERR_OK)
		return e;
	return handle_is_elsewhere(h)
		   ? handle_list_elsewhere(h, topic, each, arg, last_id)
		   : list_here(h, topic, each, arg, last_id);
}
