/* SPDX-License-Identifier: MIT */
/* listing.h - lists the subscriptions of a local or remote hub. */
#ifndef LIB_LISTING_H
#define LIB_LISTING_H

#include "lib/handle.h"
#include "queue/presence.h"

/* Nesting of a document: its own, and a payload's. */
#define HANDLE_LISTING_DEPTH_MAX 40

/*
 * Call `each` for the active subscriptions to `topic` (base NULL: to anything)
 * as queue_subscriptions() does, and add the last event id.  ERR_UNSUPPORTED:
 * the hub does not list them.  ERR_SYNTAX: not a topic.  Other errors as of
 * queue_open(), queue_subscriptions() and remote_send(), but never ERR_NOTFOUND
 * without a sentence.
 */
enum err handle_list(struct pushcgi *h, struct slice topic,
    queue_subscription_fn *each, void *arg, struct buf *last_id,
    struct problem *p);

/* Add the same as the document of the subscription API. */
enum err handle_list_document(
    struct pushcgi *h, struct buf *out, struct slice topic, struct problem *p);

/*
 * How many subscribe to `topic` with all of these members, each written
 * KEY=VALUE, in their payload; see pushcgi_connected().  Errors as of
 * handle_list().
 */
enum err handle_connected(struct pushcgi *h, uint64_t *found,
    struct slice topic, const struct slice *members, size_t n,
    struct problem *p);

#endif
