/* SPDX-License-Identifier: MIT */
/* enlist.h - registers a subscriber: it is counted and listed. */
#ifndef ENDPOINT_ENLIST_H
#define ENDPOINT_ENLIST_H

#include "endpoint/endpoint.h"
#include "queue/start.h"

/*
 * Give the opening its entry in the roster.  A subscriber that
 * comes back to its row (start->away) with the same rights and the same
 * selectors goes on as before.  False: a limit is reached, or the queue
 * fails; the answer says so.
 */
bool enlist(struct subscriber_opening *o, struct answer *a,
    const struct request *rq, const struct queue_start *start,
    struct context *c);

/* New settings are in force: rows of subscribers that they do not admit are
 * removed, also of those between two responses. */
void enlist_use(struct roster *r, const struct settings *s);

#endif
