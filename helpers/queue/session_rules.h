/* SPDX-License-Identifier: MIT */
/* session_rules.h - computes a session's row after each kind of change. */
#ifndef QUEUE_SESSION_RULES_H
#define QUEUE_SESSION_RULES_H

#include "queue/sessions.h"

/*
 * These functions compute rows from rows and times; sessions.c reads and writes
 * the queue.  `had` is the row of the session.  A session without a row, or
 * whose time is up, is passed as a row without topics that ends at 0.  The rows
 * that are returned borrow from the arguments.
 */

/* An id that was moved stays valid for this time, since the browser learns the
 * new id from a response that has not arrived yet. */
#define SESSION_MOVED_MS 5000

/* The longest list of topics. */
#define SESSION_TOPICS_BYTES ((size_t)1 << 20)

/* Does the session have all that `w` requests, at least until w->extend_ms? */
bool session_rules_is_granted(
    const struct session *had, const struct session_wish *w);

/*
 * Grant `w`: the new row has the topics of both (written to `topics`, empty
 * before), the later of both ends, and the payload of `w`, if it has one.  Its
 * end is explicit if that of one of them is.  The old row is dropped if
 * w->replace is set or if the id was moved.  ERR_LIMIT: too many topics, or too
 * long ones.  ERR_NOMEM.
 */
enum err session_rules_add(struct session *out, struct buf *topics,
    const struct session *had, const struct session_wish *w);

/* The row with a later end, at most x->lifetime_ms from now, and x->longest_ms
 * from its last grant.  False: it is not to be extended, or not yet. */
bool session_rules_extend(struct session *out, const struct session *had,
    int64_t now_ms, const struct session_extension *x);

/* The grant for the new id.  If the old id was moved before, the grant ends
 * when the session would have ended without that move. */
struct session_wish session_rules_for_new_id(const struct session *had,
    const struct session_key *to, int64_t now_ms, size_t topics_max);

/* The row of the old id: unchanged, but it ends within SESSION_MOVED_MS. */
struct session session_rules_for_old_id(
    const struct session *had, const struct session_key *from, int64_t now_ms);

/*
 * Remove `topics` from the row; base NULL: all of them.  *changed is false if
 * the row had none of these.  A row that is left without topics has no payload,
 * its end is 0, and it no longer counts as moved; a row that had no topics
 * before becomes such a row, too.  The topics that stay are written to `rest`
 * (empty before).  ERR_NOMEM.
 */
enum err session_rules_remove(struct session *out, struct buf *rest,
    bool *changed, const struct session *had, struct slice topics);

#endif
