/* SPDX-License-Identifier: MIT */
/* listing.h - who subscribes, to this machine's hub or to one elsewhere. */
#ifndef LIB_LISTING_H
#define LIB_LISTING_H

#include "lib/handle.h"
#include "queue/presence.h"

/* Nesting of a document: its own, and a payload's. */
#define HANDLE_LISTING_DEPTH_MAX 40

/*
 * Hand out the active subscriptions to `topic` (base NULL: to anything) as
 * queue_subscriptions() does, and add the last event id.  ERR_UNSUPPORTED: the
 * hub keeps them to itself, or there is none.  ERR_SYNTAX: no topic.  Other
 * errors as of queue_open(), queue_subscriptions() and handle_send(), but
 * never ERR_NOTFOUND without a sentence.
 */
enum err handle_list(struct pushcgi *h, struct slice topic,
    queue_subscription_fn *each, void *arg, struct buf *last_id);

/* The same from the hub that MERCURE_HUB_URL names, by draft 7, "Active
 * Subscriptions". */
enum err handle_list_elsewhere(struct pushcgi *h, struct slice topic,
    queue_subscription_fn *each, void *arg, struct buf *last_id);

#endif
