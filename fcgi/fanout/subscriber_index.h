/* SPDX-License-Identifier: MIT */
/* subscriber_index.h - finds the subscribers of a topic. */
#ifndef FANOUT_SUBSCRIBER_INDEX_H
#define FANOUT_SUBSCRIBER_INDEX_H

#include "fanout/subscriber.h"
#include "match/matcher.h"

/*
 * Owner: loop thread.  An exact topic is one look-up.  Each distinct pattern
 * is kept once, however many asked for it, and evaluated once per topic that
 * begins as it does; the matchers of later subscribers are not kept.
 * A private update is tried only on what a subscriber with rights asked for.
 */
struct subscriber_index;

/* ERR_NOMEM. */
enum err subscriber_index_new(struct subscriber_index **out);

/* Enter `s` for each matcher; subscriptions[i] belongs to matchers->v[i].
 * ERR_NOMEM: it is in for none. */
enum err subscriber_index_add(struct subscriber_index *l, struct subscriber *s,
    const struct matcher_list *matchers);
void subscriber_index_remove(struct subscriber_index *l, struct subscriber *s);

/* Its grant has changed: set s->rights, and move its subscriptions. */
void subscriber_index_set_rights(
    struct subscriber *s, enum subscriber_rights rights);

/* Positions start over: forget all answers that are known by position. */
void subscriber_index_new_epoch(struct subscriber_index *l);

/* How many distinct patterns there are, and their weights (matcher.h). */
size_t subscriber_index_patterns(const struct subscriber_index *l);
size_t subscriber_index_weight(const struct subscriber_index *l);

/*
 * A search calls `found` once for each subscriber that asked for any topic of
 * `f`, those by exact topics first.  It may be interrupted: subscribers may
 * come, go and get other rights between two parts of it; one that comes may
 * be found or not.  One search at a time.
 */
typedef void subscriber_found_fn(struct subscriber *s, struct frame *f);

/* Begin; the search keeps its own reference to `f`. */
void subscriber_search_begin(struct subscriber_index *l, struct frame *f);

/* Go on until all is searched (true), or *steps (matcher.h), which grows by
 * the work done, is `steps_max` or more. */
bool subscriber_search_go_on(struct subscriber_index *l,
    subscriber_found_fn *found, size_t *steps, size_t steps_max);

/* Did `s` ask for any topic of `f`?  A pattern's answer about an event is kept
 * for other subscribers that asked for the same pattern. */
bool subscriber_asked(
    const struct subscriber *s, const struct frame *f, size_t *steps);

void subscriber_index_free(struct subscriber_index *l); /* empty, or NULL */

#endif
