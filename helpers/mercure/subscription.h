/* SPDX-License-Identifier: MIT */
/* subscription.h - paths and documents of active subscriptions (draft 7). */
#ifndef MERCURE_SUBSCRIPTION_H
#define MERCURE_SUBSCRIPTION_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "match/selector.h"

#define SUBSCRIPTION_PATH "/.well-known/mercure/subscriptions"
#define SUBSCRIPTION_TYPE "application/ld+json"

/* One selector of one subscriber; borrowed. */
struct subscription_view {
	struct selector selector;
	struct slice subscriber; /* an IRI */
	struct slice payload;    /* JSON text of its token; base NULL: none */
	bool active;
};

/* Add the path of all subscriptions, of those of a topic, or of one; base
 * NULL: not given.  It is also the topic of the events about it. */
void subscription_path(
    struct buf *out, struct slice topic, struct slice subscriber);

/* Add the document of one; with `last_id`, unless base NULL, at its root. */
void subscription_write(
    struct buf *out, const struct subscription_view *v, struct slice last_id);

/* Add a collection: begin, then each subscription, then end. */
void subscription_list_begin(
    struct buf *out, struct slice topic, struct slice last_id);
void subscription_list_add(
    struct buf *out, bool first, const struct subscription_view *v);
void subscription_list_end(struct buf *out);

#endif
