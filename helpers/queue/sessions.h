/* SPDX-License-Identifier: MIT */
/* sessions.h - what applications granted to their sessions, kept in the queue. */
#ifndef QUEUE_SESSIONS_H
#define QUEUE_SESSIONS_H

#include "mercure/session.h"
#include "queue/queue.h"

/*
 * Changes are numbered.  A process that knows all up to a number asks for
 * those behind it; queue_read() tells the last number there is
 * (queue_span.sessions) in the same snapshot as the updates, so that none of
 * them goes by rights which were changed before it was published.
 */

/* What is to be granted; slices are borrowed. */
struct session_wish {
	struct session_key key;
	struct slice topics;  /* selectors (selector.h) */
	struct slice payload; /* JSON text; base NULL: as it is */
	int64_t now_ms;       /* real clock */
	int64_t until_ms;     /* the later one counts */
	int64_t extend_ms;    /* good enough if it lasts until then */
	size_t topics_max;    /* of one session, in all */
	bool replace;         /* forget what it had, and its end */
};

/*
 * QUEUE_WRITE: add to what a session has.  Nothing is written if it has it
 * already and for long enough: a page may ask each time it is shown.  Rows
 * whose time is up go, some at a time.  ERR_LIMIT: too many topics.  Else as
 * queue_append().  This and the next two ring the bell themselves if they
 * changed anything.
 */
enum err queue_session_grant(
    struct queue *q, const struct session_wish *w, struct problem *p);

/*
 * QUEUE_WRITE: the session has another id now.  Whatever the old one had is
 * added to the new one's.  The old one gains nothing any more, and ends in
 * five seconds: by then the browser knows the new id, and streams that were
 * opened with the old one come back with it.  Errors as above.
 */
enum err queue_session_move(struct queue *q, const struct session_key *from,
    const struct session_key *to, int64_t now_ms, size_t topics_max,
    struct problem *p);

/*
 * QUEUE_WRITE: take these topics from a session, and from the one that moved
 * to it a moment ago; base NULL: all they have.  Errors as of queue_append().
 */
enum err queue_session_revoke(struct queue *q, const struct session_key *key,
    struct slice topics, int64_t now_ms, struct problem *p);

/* The session is borrowed for the length of the call, in which a statement is
 * open.  `number` is that of its last change. */
typedef void queue_session_fn(
    void *arg, const struct session *s, uint64_t number);

/*
 * Hand out the session with this key, unless there is none at `now_ms`; one
 * that was moved may have no topics.  *number: all changes up to it are in.
 * Errors as of queue_read().
 */
enum err queue_session_find(struct queue *q, const struct session_key *key,
    int64_t now_ms, queue_session_fn *each, void *arg, uint64_t *number);

/* Hand out up to `max` sessions that were changed behind `number`, in that
 * order, also those that lost all: their time is up.  Errors as of
 * queue_read(). */
enum err queue_session_changes(struct queue *q, uint64_t number, size_t max,
    queue_session_fn *each, void *arg);

/* Hand out all that have something at `now_ms`; those that end first come
 * first.  Errors as of queue_read(). */
enum err queue_sessions(
    struct queue *q, int64_t now_ms, queue_session_fn *each, void *arg);

#endif
