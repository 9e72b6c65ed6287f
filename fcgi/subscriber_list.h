/* SPDX-License-Identifier: MIT */
/* subscriber_list.h - the index: from a topic to those who asked for it. */
#ifndef SUBSCRIBER_LIST_H
#define SUBSCRIBER_LIST_H

#include "matcher.h"
#include "subscriber.h"

/*
 * Owner: loop thread.  An exact topic is one look-up.  Each distinct pattern
 * is kept once, however many asked for it, and evaluated once per topic that
 * begins as it does; the matchers of those who come later are not kept.
 */
struct subscriber_list;

enum err subscriber_list_new(struct subscriber_list **out);

/* Enter `s` for each matcher; subscriptions[i] belongs to matchers->v[i].
 * ERR_NOMEM: it is in for none. */
enum err subscriber_list_add(struct subscriber_list *l, struct subscriber *s,
    const struct matcher_list *matchers);
void subscriber_list_remove(struct subscriber_list *l, struct subscriber *s);

/* Call `found` once for each subscriber that asked for any of `topics`. */
typedef void subscriber_found_fn(struct subscriber *s, struct frame *f);
void subscriber_list_find(
    struct subscriber_list *l, struct frame *f, subscriber_found_fn *found);

/* Did `s` ask for any of `topics`? */
bool subscriber_list_asked(const struct subscriber *s, struct slice topics);

void subscriber_list_free(struct subscriber_list *l); /* empty, or NULL */

#endif
