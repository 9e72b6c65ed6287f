/* SPDX-License-Identifier: MIT */
/* sessions.h - the grants of sessions, kept in the queue. */
#ifndef QUEUE_SESSIONS_H
#define QUEUE_SESSIONS_H

#include "mercure/session.h"
#include "queue/queue.h"

/*
 * Each change of a session has a number.  A process that has applied all
 * changes up to a number requests the later ones.  queue_read() returns the
 * last number (queue_span.sessions) in the same snapshot as the updates, so
 * that an update is never delivered by rights that were changed before it was
 * published.
 */

/* A grant that is requested; slices are borrowed. */
struct session_wish {
	struct session_key key;
	struct slice topics;  /* selectors (selector.h) */
	struct slice payload; /* JSON text; base NULL: leave it unchanged */
	int64_t now_ms;       /* real clock */
	int64_t until_ms;     /* a later end of the old row stays */
	int64_t extend_ms;    /* extend a grant that ends before this time */
	int64_t granted_ms;   /* now, or 0: its end is explicit, and the row
			       * is not extended any more */
	size_t topics_max;    /* that one session may have */
	bool replace; /* drop the topics, payload and end of the old row */
};

/*
 * QUEUE_WRITE: add topics to a session.  If it has all of them for long enough,
 * nothing is written, so a page may call this each time it is shown.  Some rows
 * whose time is up are removed.  ERR_LIMIT: too many topics.  Other errors as
 * of queue_append().
 *
 * This function and the next two wake the readers themselves if they changed
 * anything.
 */
enum err queue_session_grant(
    struct queue *q, const struct session_wish *w, struct problem *p);

/* How grants without an explicit end are extended. */
struct session_extension {
	int64_t lifetime_ms; /* from the moment of the extension */
	int64_t longest_ms;  /* from the last grant; 0: never extend */
};

/* When such a row may be extended: half of the lifetime before its end (real
 * clock); INT64_MAX: never. */
int64_t session_extension_due(
    int64_t granted_ms, int64_t until_ms, const struct session_extension *x);

/*
 * QUEUE_WRITE: extend the sessions with these tokens (grant_token()) that may
 * be extended now, in one transaction; it reads each row itself, so one that
 * another process has extended is not written again, and one that was revoked
 * is not there.  Readers are not woken: each reads the log once a second.
 * Errors as of queue_append().
 */
enum err queue_sessions_extend(struct queue *q,
    uint8_t (*tokens)[GRANT_TOKEN_SIZE], size_t n, int64_t now_ms,
    const struct session_extension *x, struct problem *p);

/*
 * QUEUE_WRITE: give a session a new id.  The new id gets the topics of the old
 * one in addition to those it has.  The old id gets no more topics and ends
 * after five seconds: by then the browser knows the new id, and reopens with it
 * the streams that it had opened with the old one.  Errors as above.
 */
enum err queue_session_move(struct queue *q, const struct session_key *from,
    const struct session_key *to, int64_t now_ms, size_t topics_max,
    struct problem *p);

/*
 * QUEUE_WRITE: remove these topics from a session, and from ids that were
 * moved to it and have not ended yet; base NULL: remove all.  Errors as of
 * queue_append().
 */
enum err queue_session_revoke(struct queue *q, const struct session_key *key,
    struct slice topics, int64_t now_ms, struct problem *p);

/* `s` is borrowed for the length of the call, which must not call the queue.
 * `number` is that of its last change. */
typedef void queue_session_fn(
    void *arg, const struct session *s, uint64_t number);

/*
 * Pass the session with this key to `each`, unless its time is up at `now_ms`;
 * a session that was moved may have no topics.  *number: the row includes all
 * changes up to this one.  Errors as of queue_read().
 */
enum err queue_session_find(struct queue *q, const struct session_key *key,
    int64_t now_ms, queue_session_fn *each, void *arg, uint64_t *number);

/* Pass up to `max` sessions whose last change came after `number`, in the order
 * of these changes.  Sessions that lost all their topics are among them: their
 * time is up.  Errors as of queue_read(). */
enum err queue_session_changes(struct queue *q, uint64_t number, size_t max,
    queue_session_fn *each, void *arg);

/* Pass all sessions whose time is not up at `now_ms`, in the order of their
 * ends, without ids that were moved.  Errors as of queue_read(). */
enum err queue_sessions(
    struct queue *q, int64_t now_ms, queue_session_fn *each, void *arg);

#endif
