/* SPDX-License-Identifier: MIT */
/* authorize.h - finds the grant of a request (draft 7, "Authorization"). */
#ifndef ENDPOINT_AUTHORIZE_H
#define ENDPOINT_AUTHORIZE_H

#include "endpoint/endpoint.h"
#include "mercure/dialect.h"
#include "mercure/grant.h"
#include "queue/start.h"
#include "text/form.h"

enum authorize_role { AUTHORIZE_SUBSCRIBER, AUTHORIZE_PUBLISHER };

/*
 * Find the token (Authorization: Bearer, then the query parameter, then the
 * cookie: the first that is there is the only one looked at) and verify it
 * with the role's key.  Without one, a subscriber is who its session cookie
 * (MERCURE_SESSION_COOKIE) says: the grant is that session's, and empty if
 * it was granted nothing.  ERR_OK with *out NULL: there is neither.
 * ERR_DENIED: the answer holds the 401, or the 403 for a publish by cookie
 * whose origin is neither the hub's nor listed, or the 503 until the role's
 * keys have been fetched; why a token is bad goes to the log only, unless it is
 * the size of something.  A bad token never makes an anonymous subscriber.
 */
enum err authorize(struct grant **out, struct answer *a,
    const struct request *rq, const struct form *query, const struct dialect *d,
    struct context *c, enum authorize_role role);

/*
 * The same for a subscriber, and where its stream starts (queue_start()), all
 * as of one moment: so no right is older than the position it is used for, and
 * none comes from another database.  *start then is the caller's, who frees
 * start->away.
 */
enum err authorize_subscriber(struct grant **out, struct queue_start *start,
    struct slice last_id, struct answer *a, const struct request *rq,
    const struct form *query, const struct dialect *d, struct context *c);

/* Make the answer a 401 for a request that needs a token and has none. */
void authorize_ask(struct answer *a, const char *sentence);

#endif
