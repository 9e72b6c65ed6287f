/* SPDX-License-Identifier: MIT */
/* authorize.h - finds the grant of a request (draft 7, "Authorization"). */
#ifndef ENDPOINT_AUTHORIZE_H
#define ENDPOINT_AUTHORIZE_H

#include "endpoint/endpoint.h"
#include "mercure/dialect.h"
#include "mercure/grant.h"
#include "queue/start.h"
#include "text/form.h"

/* Cookies of the token's name that are tried. */
#define AUTHORIZE_COOKIES_MAX 4

enum authorize_role { AUTHORIZE_SUBSCRIBER, AUTHORIZE_PUBLISHER };

/* Set the dialect of a request to publish or to list subscriptions, by its
 * token. */
void authorize_choose_dialect(struct answer *a, const struct request *rq,
    const struct form *query, const struct context *c);

/*
 * Find the token by the answer's dialect (Authorization: Bearer, then the query
 * parameter, then the cookie: only the first that is there counts) and verify
 * it for the role.  Of several cookies of that name the first valid one counts,
 * and if none is, the problem of the first.  A subscriber without a token is
 * known by its session cookie (MERCURE_SESSION_COOKIE): the grant is that
 * session's, and empty if it was granted nothing.  ERR_OK with *out NULL: there
 * is neither.  ERR_DENIED: the answer holds the 401; or the 403 for a publish
 * by cookie whose origin is neither the hub's nor listed; or the 503 until the
 * role's keys have been fetched.  The reason why a token is not valid goes to
 * the log only, except that the peer learns which limit it exceeds.
 * A subscriber with a token that is not valid never becomes anonymous.
 *
 * If the setting names several cookies, the session whose rights fit what the
 * request wants is meant: of those that fit the first in the setting's order.
 * `topic` is what a subscriber wants here, and nothing for a publisher.
 */
enum err authorize(struct grant **out, struct answer *a,
    const struct request *rq, const struct form *query, struct slice topic,
    struct context *c, enum authorize_role role);

/*
 * Authorize a subscriber and find where its stream starts (queue_start()), all
 * as of one moment: so no right is older than the position it is used for, and
 * none comes from another database.  On success the caller owns *start and
 * frees start->away.
 */
enum err authorize_subscriber(struct grant **out, struct queue_start *start,
    struct slice last_id, struct answer *a, const struct request *rq,
    const struct form *query, struct context *c);

#endif
