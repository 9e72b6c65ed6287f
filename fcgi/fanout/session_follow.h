/* SPDX-License-Identifier: MIT */
/* session_follow.h - applies changes of sessions to open streams. */
#ifndef FANOUT_SESSION_FOLLOW_H
#define FANOUT_SESSION_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mercure/grant.h"
#include "queue/queue.h"

struct subscriber_host;

#define SESSION_CHANGES_MAX 256

struct session_change {
	uint64_t number;
	uint8_t token[GRANT_TOKEN_SIZE]; /* as of its grants */
	struct grant *grant; /* NULL: it has lost all, or its time is up */
};

/* In the order of their tokens, each of which is there once. */
struct session_changes {
	struct session_change v[SESSION_CHANGES_MAX];
	size_t n;
	uint64_t number; /* all changes up to it are in */
};

/*
 * All changes behind `number`, or the first of them; the caller frees *out
 * with session_changes_free().  ERR_NOMEM; else as of queue_read().
 */
enum err session_changes_read(
    struct session_changes **out, struct queue *q, uint64_t number);

/* The change of this session in the list; NULL: there is none. */
const struct session_change *session_changes_find(
    const struct session_changes *c, const uint8_t token[GRANT_TOKEN_SIZE]);

void session_changes_free(struct session_changes *c); /* NULL is allowed */

#define SESSION_RECENT 64

/* A change of a session that was applied. */
struct session_recent {
	uint64_t number;
	uint8_t token[GRANT_TOKEN_SIZE];
};

/* The changes that were applied; zero it.  Owner: loop thread. */
struct session_follow {
	struct session_recent recent[SESSION_RECENT]; /* the last ones */
	size_t n;                                     /* all of them */
	uint64_t floor; /* the last one that is not in there */
};

/* Let open streams follow the changes. */
void session_follow_apply(struct session_follow *f, struct subscriber_host *h,
    const struct session_changes *c);

/* Was a change applied that this grant of a session does not know? */
bool session_follow_is_outdated(
    const struct session_follow *f, const struct grant *g);

/* Another database, whose changes up to `number` nobody applies: all streams
 * that go by a session end. */
void session_follow_new_epoch(
    struct session_follow *f, struct subscriber_host *h, uint64_t number);

#endif
