/* SPDX-License-Identifier: MIT */
/* arrival.h - a subscriber that arrives: its sessions, rights and start. */
#ifndef ENDPOINT_ARRIVAL_H
#define ENDPOINT_ARRIVAL_H

#include <stdbool.h>

#include "endpoint/endpoint.h"
#include "mercure/dialect.h"
#include "mercure/grant.h"
#include "mercure/session.h"
#include "queue/start.h"
#include "text/form.h"

/*
 * Its rights, which its session's row may hold, decide what it may learn about
 * the log.  The caller sets `start`, and `dialect` and `query` or `topic`, and
 * leaves the rest zeroed, except `grant` for a subscriber with a token.  One
 * thread uses it, for one request.
 */
struct arrival {
	struct queue_start *start;
	const struct dialect *dialect;
	const struct form *query; /* its topics are asked for; NULL: */
	struct slice topic;       /* this one alone */
	struct session_key keys[SESSION_COOKIES_MAX];
	struct grant *rows[SESSION_COOKIES_MAX]; /* NULL: no row */
	size_t n;
	/* The caller's in the end: the token's, or the session's. */
	struct grant *grant;
	bool random_id; /* the last event id is one that nobody guesses */
	enum err err;
};

/*
 * Find the session cookies of the request (MERCURE_SESSION_COOKIE).  Of each
 * name the first cookie counts, as for the application itself; a value that
 * cannot be a session id does not count.  ERR_NOMEM.
 */
enum err arrival_find_sessions(
    struct arrival *r, const struct request *rq, const struct config *c);

/*
 * Ask the queue where the stream starts, in one snapshot with what the sessions
 * were granted, and set r->grant.  Call it once.  Errors as of context_queue()
 * and queue_start(); r->start then holds nothing to free.
 */
enum err arrival_start(
    struct arrival *r, struct context *c, struct slice last_id);

#endif
