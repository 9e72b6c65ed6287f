/* SPDX-License-Identifier: MIT */
/* presence.h - rows of active subscriptions (draft 7), for all hubs. */
#ifndef QUEUE_PRESENCE_H
#define QUEUE_PRESENCE_H

#include "mercure/presence.h"
#include "mercure/session.h"
#include "mercure/subscription.h"
#include "queue/queue.h"

/*
 * The state of a subscriber.  AWAY: between two requests of long polling; it
 * counts as present until its time is up, and belongs to no process meanwhile.
 */
enum presence_state { PRESENCE_GONE, PRESENCE_THERE, PRESENCE_AWAY };

/* The most changes in one transaction: publishes may have to wait for it for
 * some milliseconds. */
#define PRESENCE_CHANGES_MAX 64
#define PRESENCE_COST_MAX 49152 /* presence_cost() of all but the last */

struct presence_change {
	enum presence_state to;
	const struct presence *presence;
	int64_t until_ms; /* AWAY: real clock */
	/* Set to true, unless NULL, if the row already belongs to another
	 * process. */
	bool *refused;
};

/*
 * QUEUE_WRITE: make these changes, all or none, in one transaction.  If
 * queue_settings.presence_events is set, each subscriber that comes or goes is
 * published in the log by one private update of the hub's kind for each of its
 * subscriptions.  A change that was made before has no effect, so a failed call
 * may be repeated.
 *
 * The rows belong to this process (queue_settings.owner): after its death, of
 * any kind, queue_reap() in another process removes them.  *epoch is that of
 * the database that holds the rows; a new database has none of the rows made
 * before.  Errors as of queue_append().
 */
enum err queue_present(struct queue *q, const struct presence_change *changes,
    size_t n, uint64_t *epoch, struct problem *p);

#define QUEUE_AWAY_ID_SIZE 45 /* with the NUL */

/*
 * The id of a position that also leads to the row (`key`) of a subscriber that
 * is away: a client that returns with it may continue as the same subscriber.
 * Otherwise as queue_cursor_id().
 */
enum err queue_away_id(const struct queue_cursor_key *k, uint64_t at,
    uint64_t key, char out[QUEUE_AWAY_ID_SIZE]);

/*
 * QUEUE_WRITE: call it once a second.  One of all processes removes subscribers
 * whose process is dead or whose time is up, and publishes their end; some at a
 * time: *more is true when others may be left.  *epoch as of queue_present().
 * Errors as of queue_append().
 */
enum err queue_reap(
    struct queue *q, uint64_t *epoch, bool *more, struct problem *p);

/*
 * QUEUE_WRITE: end subscribers that are away and whose signer
 * (presence.signer) is not one of `signers`, some at a time: *more is true when
 * others may be left.  For processes with new settings: when a key is removed,
 * its subscribers between two polls end, too.  Errors as of queue_append().
 */
enum err queue_end_away(struct queue *q, const uint64_t *signers, size_t n,
    bool *more, struct problem *p);

/*
 * In a transaction: end subscribers that are away and whose right comes from a
 * session that has changed to `s`: all of them, or those with another payload
 * or a later end than it has now.
 */
enum err queue_end_of_session(
    struct queue *q, const struct session *s, bool all);

/*
 * The bytes that may be written about strangers now (presence_is_stranger()).
 * queue_present() subtracts the bytes that its transaction wrote for them.  All
 * processes share queue_settings.stranger_rate, and may use four seconds' worth
 * in advance.  0: none until *wait_ms have passed.  SIZE_MAX: no limit.
 */
size_t queue_stranger_room(struct queue *q, unsigned *wait_ms);

/* Publish events about subscribers from now on, or do not. */
void queue_set_presence_events(struct queue *q, bool on);

/*
 * Notify readers of the hub's own updates that this handle has written, unless
 * another process has notified them since; at most five times a second over all
 * processes, unless there are hundreds of updates: when many clients reconnect,
 * each of them must not wake all readers.  Returns the milliseconds after which
 * to call it again; 0: all readers are notified.
 */
unsigned queue_notify_soon(struct queue *q);

/* Borrowed for the length of the call, in which a statement is open. */
typedef void queue_subscription_fn(
    void *arg, const struct subscription_view *v);

/*
 * Pass the active subscriptions to `each`: all, those with the selector
 * `wanted`, or that of `subscriber` with it (base NULL: not given), in one
 * snapshot with `last_id`: the id of the last row of the log, "earliest" if
 * there never was one.  Subscribers of dead processes are left out at once.
 * Errors as of queue_read(), and those that `last_id` returns.
 */
enum err queue_subscriptions(struct queue *q, struct selector wanted,
    struct slice subscriber, queue_subscription_fn *each, void *arg,
    struct buf *last_id);

#endif
