/* SPDX-License-Identifier: MIT */
/* remote.h - asks the hub that MERCURE_HUB_URL names, by its own protocol. */
#ifndef LIB_REMOTE_H
#define LIB_REMOTE_H

#include "http/send.h"
#include "lib/handle.h"
#include "mercure/update.h"
#include "queue/presence.h"

/* Of a token that is made for one request. */
#define REMOTE_TOKEN_LIFETIME_S 60

/* What a request is for: a status means something else for each. */
enum remote_purpose {
	REMOTE_PUBLISH,
	REMOTE_LIST,
	REMOTE_SUBSCRIBE,
	REMOTE_COUNT
};
#define REMOTE_PURPOSES 4

/*
 * Send `rq`, in which this sets the authorities to trust and the limits of
 * time: for an answer that is received part by part, only that of the
 * connection.  The caller frees *out in any case.  ERR_...: as http_send(), or
 * by the status of an answer that is not 2xx.  The problem names the URL, the
 * answer and how to fix it.
 */
enum err remote_send(struct pushcgi *h, struct http_answer *out,
    struct http_request *rq, enum remote_purpose purpose, struct problem *p);

/*
 * Publish to the remote hub and add the id it gave.  `id_wanted` is empty if
 * that is the hub's choice.  ERR_SYNTAX, ERR_LIMIT, ERR_DENIED,
 * ERR_UNSUPPORTED, ERR_BUSY, ERR_IO: by its answer, or lack of one; the
 * problem names the URL.  ERR_NOMEM.
 */
enum err remote_publish(struct pushcgi *h, struct buf *id,
    const struct update *u, struct slice id_wanted, struct problem *p);

/* Add the URL of a path that begins with DISCOVERY_PATH, below the remote hub's
 * own URL, and a NUL. */
void remote_url(struct buf *out, struct pushcgi *h, struct slice path);

/* Add the line of the header Authorization, with a token for any topic, and a
 * NUL.  Errors as of handle_subscriber_token(). */
enum err remote_authorization(
    struct pushcgi *h, struct buf *out, struct problem *p);

/* As handle_count(), by GET.  A pushcgi of another version may not have it. */
enum err remote_count(
    struct pushcgi *h, uint64_t *n, struct slice topic, struct problem *p);

/* As handle_list(), by draft 7, "Active Subscriptions". */
enum err remote_subscriptions(struct pushcgi *h, struct slice topic,
    queue_subscription_fn *each, void *arg, struct buf *last_id,
    struct problem *p);

#endif
