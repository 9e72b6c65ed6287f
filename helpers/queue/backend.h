/* SPDX-License-Identifier: MIT */
/* backend.h - what a backend of the queue provides; for helpers/queue only. */
#ifndef QUEUE_BACKEND_H
#define QUEUE_BACKEND_H

#include "queue/crowd.h"
#include "queue/keys.h"
#include "queue/start.h"
#include "queue/transact.h"

/*
 * A backend supplies 40 operations; the rules above them are in the other files
 * of this folder.  A sketch of what the groups would be in Redis:
 *
 *  log (8)       a stream of updates, appended and trimmed by a script that
 *                counts positions and totals; wait and wake: a channel
 *  presence (8)  a hash for each subscriber, and sets of keys by owner, by
 *                selector and by signer; own and dead: a lease for each
 *                process; written and owe: a counter that decreases with time
 *  sessions (9)  a hash for each session, and sorted sets by the number of its
 *                change and by its end
 *  keys (3)      a hash for each URL; claim: set it only if it is old
 *  crowd (4)     slots in memory that all processes of a machine share
 *  admin (8)     connect and close; transact: WATCH, the body, EXEC; check;
 *                a copy of all keys; the others: nothing
 */

/* Rows that a transaction appended. */
struct queue_count {
	int64_t rows, bytes;
};

/* Which rows of a kind may stay. */
struct queue_keep {
	int64_t rows, bytes; /* at most; INT64_MAX: any */
	int64_t since_ms;    /* those that are older go */
	int64_t young_ms;    /* newer ones stay while `bytes` allows */
	uint64_t before;     /* rows from here on are new, and stay */
	bool ages;           /* go by `since_ms` also if nothing else is over */
};

/* When readers were notified last. */
struct queue_notified {
	uint32_t count; /* changes with each time */
	uint32_t ago_ms;
};

/*
 * The rows of sessions.  find(), changes() and list() are the functions of
 * sessions.h with those names, each in a snapshot of its own; the others are
 * called within queue_transact() only.
 */
struct queue_session_ops {
	enum err (*find)(struct queue *q, const struct session_key *key,
	    int64_t now_ms, queue_session_fn *each, void *arg,
	    uint64_t *number);
	enum err (*changes)(struct queue *q, uint64_t number, size_t max,
	    queue_session_fn *each, void *arg);
	enum err (*list)(
	    struct queue *q, int64_t now_ms, queue_session_fn *each, void *arg);

	/* The row with this key, unless its time is up at `now_ms`. */
	enum err (*read)(struct queue *q, const struct session_key *key,
	    int64_t now_ms, queue_session_fn *each, void *arg);

	/* The first row behind `after`, in the order of keys, that was moved
	 * to `key`, and whose time is not up. */
	enum err (*next_moved)(struct queue *q, const struct session_key *key,
	    int64_t now_ms, const struct session_key *after,
	    queue_session_fn *each, void *arg);

	/* Store the row under the next number of a change.  It was moved to
	 * `moved_to`, unless NULL.  kept_ms becomes the latest end that the
	 * row ever had. */
	enum err (*write)(struct queue *q, const struct session *s,
	    const struct session_key *moved_to);

	/* Rows that were moved to `from` are moved to `to` from now on; this
	 * is not a change. */
	enum err (*redirect)(struct queue *q, const struct session_key *from,
	    const struct session_key *to);

	/* The row whose key begins with these bytes (presence.token), unless
	 * its time is up. */
	enum err (*read_token)(struct queue *q,
	    const uint8_t token[GRANT_TOKEN_SIZE], int64_t now_ms,
	    queue_session_fn *each, void *arg);

	/* Remove rows whose kept_ms is over, some at a time. */
	enum err (*forget)(struct queue *q, int64_t now_ms);
};

/*
 * The log.  insert() and prune() are called in a transaction, the others
 * outside of one.  Those without a comment are the function of queue.h
 * or start.h with the same name.
 */
struct queue_log_ops {
	/* Append a row that counts as `bytes`; *at is its position. */
	enum err (*insert)(struct queue *q, const struct update *u,
	    int64_t bytes, int64_t now_ms, uint64_t *at);

	/* When all rows of a kind are in: add them to its totals, and delete
	 * its oldest rows, some at a time. */
	enum err (*prune)(struct queue *q, int kind,
	    const struct queue_count *added, const struct queue_keep *keep);

	enum err (*read)(struct queue *q, uint64_t after, uint64_t epoch_seen,
	    size_t rows_max, size_t bytes_max, queue_row_fn *row, void *arg,
	    struct queue_span *out);
	enum err (*start)(struct queue *q, const struct queue_question *ask,
	    struct queue_start *out);
	void (*wait)(struct queue *q, unsigned timeout_ms);
	void (*poke)(struct queue *q);
	void (*wake)(struct queue *q);

	/* False: no process can be notified at this moment. */
	bool (*notified)(struct queue *q, struct queue_notified *out);
};

/* The result of a change of a subscriber's row. */
enum presence_outcome {
	PRESENCE_SAME,  /* the row existed, or was missing, before */
	PRESENCE_CAME,  /* the row is new */
	PRESENCE_WENT,  /* the row is removed */
	PRESENCE_TAKEN, /* the row belongs to another living process */
};

/* Which rows of subscribers are to be found. */
struct presence_query {
	enum {
		PRESENCE_OF_OWNER, /* unless that process lives */
		PRESENCE_OF_SIGNER,
		PRESENCE_OF_SESSION,
	} by;
	uint64_t owner;   /* whose rows they are; 0: of those who are away */
	int64_t until_ms; /* OF_OWNER: whose time is up then */
	uint64_t signer;
	const struct session *session;
	bool all; /* OF_SESSION: not only those with another payload than it
		   * has, or a later end */
};

/* The rows of subscribers. */
struct queue_presence_ops {
	/* In a transaction, first: show that this process lives, so that no
	 * other one removes the rows that it writes.  *epoch: of the
	 * database that gets them. */
	enum err (*own)(struct queue *q, uint64_t *epoch);

	/* In a transaction: change the row of one subscriber, which belongs to
	 * `owner` or to no process, to the state `c->to`. */
	enum err (*set)(struct queue *q, uint64_t owner,
	    const struct presence_change *c, enum presence_outcome *out);

	/* In a transaction: copy rows, as many as one transaction may end.
	 * The caller frees them, also after a failure. */
	enum err (*find)(struct queue *q, const struct presence_query *which,
	    struct presence *rows[PRESENCE_CHANGES_MAX], size_t *n);

	/*
	 * Find an owner whose rows are to be removed: a dead process, or 0 for
	 * subscribers that are away and whose time is up by *until_ms.  *found
	 * is true only in the one process among all that does this work.
	 * Shows that this process lives, too.
	 */
	enum err (*dead)(struct queue *q, uint64_t *epoch, uint64_t *owner,
	    int64_t *until_ms, bool *found, struct problem *p);

	/* Find a signer of subscribers that are away which is not one of
	 * `signers`. */
	enum err (*other_signer)(struct queue *q, const uint64_t *signers,
	    size_t n, uint64_t *out, bool *found, struct problem *p);

	/* As queue_subscriptions(). */
	enum err (*list)(struct queue *q, struct selector wanted,
	    struct slice subscriber, queue_subscription_fn *each, void *arg,
	    struct buf *last_id);

	/* The bytes that this handle has written since the last call. */
	uint64_t (*written)(struct queue *q);

	/* Add to a debt of all processes together, measured as time, which
	 * decreases as time passes; *debt_us is the sum.  False: it cannot be
	 * stored at this moment. */
	bool (*owe)(struct queue *q, int64_t us, int64_t *debt_us);
};

/* The rows of key sets, by the functions of keys.h. */
struct queue_key_ops {
	enum err (*read)(struct queue *q, struct slice url,
	    struct queue_keys *out, struct buf *text);
	enum err (*claim)(struct queue *q, struct slice url, int64_t now_ms,
	    int64_t since_ms, bool *mine, struct problem *p);
	enum err (*store)(struct queue *q, struct slice url, struct slice text,
	    int64_t now_ms, int64_t fresh_ms, struct slice error,
	    struct problem *p);
};

/* The functions of crowd.h. */
struct queue_crowd_ops {
	enum err (*table)(
	    struct queue_crowd *c, struct crowd_table **out, struct problem *p);
	enum err (*grow)(struct queue_crowd *c, struct problem *p);
	void (*secret)(const struct queue_crowd *c, uint64_t out[2]);
	void (*close)(struct queue_crowd *c);
};

/* The first member of each backend's own structure. */
struct queue_crowd {
	const struct queue_crowd_ops *ops;
};

/* Handles and files, by the functions of queue.h and crowd.h. */
struct queue_admin_ops {
	enum err (*open)(struct queue **out, const struct queue_settings *s,
	    enum queue_mode mode, struct problem *p);
	void (*close)(struct queue *q);

	/* As queue_transact(); the sentence is the backend's, or, if its
	 * functions have not failed, err_text(). */
	enum err (*transact)(
	    struct queue *q, queue_body_fn *body, void *arg, struct problem *p);

	enum err (*take_identity)(
	    const struct queue_settings *s, struct problem *p);
	void (*check)(
	    const struct queue_settings *s, queue_report_fn *report, void *arg);
	enum err (*backup)(const struct queue_settings *s, const char *path,
	    struct problem *p);
	enum err (*crowd_open)(struct queue_crowd **out,
	    const struct queue_settings *s, struct problem *p);
	void (*keep_small)(bool alone);
};

struct queue_backend {
	const char *scheme; /* of its URLs */
	const struct queue_admin_ops *admin;
	const struct queue_log_ops *log;
	const struct queue_presence_ops *presence;
	const struct queue_session_ops *sessions;
	const struct queue_key_ops *keys;
};

extern const struct queue_backend queue_sqlite;

/* What the transaction under way, or the last one, has written. */
struct queue_written {
	int64_t now_ms; /* real clock, at its start */
	uint64_t first; /* row; 0: none */
	struct queue_count counts[UPDATE_KINDS];
	bool ages; /* old rows go, too */
};

/* The first member of each backend's own structure. */
struct queue {
	const struct queue_backend *backend;
	struct queue_settings settings; /* without url; never change */
	bool presence_events;           /* see queue_set_presence_events() */
	struct queue_written written;
	int64_t ages_due_ms; /* when to look for old rows again (mono) */

	int64_t unnotified;        /* rows that readers were not notified of */
	uint32_t unnotified_since; /* queue_notified.count as of then */
};

/* retention.c, in a transaction: delete what is above the limits. */
enum err queue_retain(struct queue *q);

/* notify.c, after one. */
void queue_notify_later(struct queue *q);

/* stranger_budget.c, after one: it has written `bytes` for these changes. */
void queue_charge(struct queue *q, const struct presence_change *changes,
    size_t n, uint64_t bytes);

/* What queue_cursor_id() made, or queue_away_id(); *key is 0 then, or the
 * row's.  ERR_SYNTAX: nothing of this key's. */
enum err queue_cursor_parse(const struct queue_cursor_key *k, struct slice id,
    uint64_t *out, uint64_t *key);

#endif
