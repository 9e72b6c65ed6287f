/* SPDX-License-Identifier: MIT */
/* enlist.h - puts a subscriber among those who are counted and told of. */
#ifndef ENDPOINT_ENLIST_H
#define ENDPOINT_ENLIST_H

#include "endpoint/endpoint.h"

/*
 * Give the opening its entry in the roster.  Who comes back with the id of a
 * parked subscriber (`last_id`, base NULL: none), the same token and the same
 * selectors goes on as that one.  False: a limit is reached, or the queue
 * fails; the answer says so.
 */
bool enlist(struct subscriber_opening *o, struct answer *a,
    const struct request *rq, struct slice last_id, struct context *c);

/* New settings are in force: rows of subscribers that they do not admit are
 * removed, also of those between two responses. */
void enlist_use(struct roster *r, const struct settings *s);

#endif
