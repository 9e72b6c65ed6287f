/* SPDX-License-Identifier: MIT */
/* subscription.h - paths and documents of active subscriptions (draft 7). */
#ifndef MERCURE_SUBSCRIPTION_H
#define MERCURE_SUBSCRIPTION_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "match/selector.h"

#define SUBSCRIPTION_PATH "/.well-known/mercure/subscriptions"

/* One selector of one subscriber; borrowed. */
struct subscription_view {
	struct selector selector;
	struct slice subscriber; /* an IRI */
	struct slice payload;    /* JSON text of its token; base NULL: none */
	bool active;
};

/* Which subscriptions a path names: all, those of a selector, or one.  A text
 * with base NULL is not given; without a selector there is no subscriber. */
struct subscription_place {
	struct selector selector;
	struct slice subscriber;
};

/* The form of paths and documents in one dialect. */
struct subscription_form {
	const char *type; /* Content-Type of a document */

	/* Add the path of a place.  It is also the topic of the events about
	 * it. */
	void (*path)(struct buf *out, const struct subscription_place *at);

	/*
	 * Find the place that a path at or below SUBSCRIPTION_PATH names.
	 * The texts are decoded into `text` (empty; 2 bytes longer than the
	 * path at most).  ERR_NOTFOUND, with a sentence: it names none.
	 * ERR_NOMEM.
	 */
	enum err (*read_path)(struct subscription_place *out, struct buf *text,
	    struct slice path, struct problem *p);

	/* Add the document of one; with `last_id`, unless base NULL, at its
	 * root. */
	void (*write)(struct buf *out, const struct subscription_view *v,
	    struct slice last_id);

	/* Add a collection: begin, then each by subscription_add(), then
	 * end. */
	void (*begin)(struct buf *out, const struct subscription_place *at,
	    struct slice last_id);
	void (*end)(struct buf *out);
};

/* Add one subscription to a collection. */
void subscription_add(struct buf *out, const struct subscription_form *form,
    bool first, const struct subscription_view *v);

#endif
