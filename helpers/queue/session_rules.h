/* SPDX-License-Identifier: MIT */
/* session_rules.h - what a session has after a grant, a new id or a revocation. */
#ifndef QUEUE_SESSION_RULES_H
#define QUEUE_SESSION_RULES_H

#include "queue/sessions.h"

/*
 * The rules know rows and times, and no queue: sessions.c reads the rows and
 * writes what the rules make of them.  `had` is the session's row; one that
 * does not exist, or whose time is up, has no topics and ends at 0.  Rows that
 * the rules make borrow from their arguments.
 */

/* The old id stays valid for so long, in milliseconds: the browser learns the
 * new one with a response that is still to come. */
#define SESSION_MOVED_MS 5000

/* All topics of a session, in bytes. */
#define SESSION_TOPICS_BYTES ((size_t)1 << 20)

/* Does the session have all that `w` asks for, and for long enough? */
bool session_rules_is_granted(
    const struct session *had, const struct session_wish *w);

/*
 * The row with the wish added: the union of the topics (which are in `topics`,
 * empty before), the later end, and the new payload, if there is one.  A wish
 * that replaces, or one for an id that was moved, starts from nothing.
 * ERR_LIMIT: too many topics, or too long ones.  ERR_NOMEM.
 */
enum err session_rules_add(struct session *out, struct buf *topics,
    const struct session *had, const struct session_wish *w);

/* What the new id is to be granted.  An id that was moved before gives what it
 * had then, for as long as it had it. */
struct session_wish session_rules_for_new_id(const struct session *had,
    const struct session_key *to, int64_t now_ms, size_t topics_max);

/* The row of the old id: it keeps what it had, and ends in SESSION_MOVED_MS. */
struct session session_rules_for_old_id(
    const struct session *had, const struct session_key *from, int64_t now_ms);

/*
 * The row without `topics`; base NULL: without any.  *changed false: it has
 * none of them.  A row that has lost everything has no payload and no end, and
 * leads to no other id any more; so has one that had nothing, as it still has
 * to end.  The rest is in `rest`, empty before.  ERR_NOMEM.
 */
enum err session_rules_remove(struct session *out, struct buf *rest,
    bool *changed, const struct session *had, struct slice topics);

#endif
