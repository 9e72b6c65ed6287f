/* SPDX-License-Identifier: MIT */
/* ops.h - what a backend of the queue provides; for queue*.c only. */
#ifndef QUEUE_OPS_H
#define QUEUE_OPS_H

#include "queue/crowd.h"
#include "queue/keys.h"
#include "queue/presence.h"
#include "queue/sessions.h"
#include "queue/transact.h"

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

	/* Remove rows whose kept_ms is over, some at a time. */
	enum err (*forget)(struct queue *q, int64_t now_ms);
};

/* Those without a comment are the function of queue.h, crowd.h, keys.h or
 * presence.h with the same name. */
struct queue_ops {
	enum err (*open)(struct queue **out, const struct queue_settings *s,
	    enum queue_mode mode, struct problem *p);
	/* As queue_transact(); the sentence is the backend's, or, if its
	 * functions have not failed, err_text(). */
	enum err (*transact)(
	    struct queue *q, queue_body_fn *body, void *arg, struct problem *p);

	/* In a transaction: append a row that counts as `bytes`. */
	enum err (*insert)(struct queue *q, const struct update *u,
	    int64_t bytes, int64_t now_ms, uint64_t *at);

	/* In a transaction, when all rows of a kind are in: add them to its
	 * totals, and delete its oldest rows, some at a time. */
	enum err (*prune)(struct queue *q, int kind,
	    const struct queue_count *added, const struct queue_keep *keep);

	/* False: nobody can be notified at this moment. */
	bool (*notified)(struct queue *q, struct queue_notified *out);
	void (*wake)(struct queue *q);
	enum err (*read)(struct queue *q, uint64_t after, uint64_t epoch_seen,
	    size_t rows_max, size_t bytes_max, queue_row_fn *row, void *arg,
	    struct queue_span *out);
	enum err (*tail)(struct queue *q, uint64_t *out);
	void (*wait)(struct queue *q, unsigned timeout_ms);
	void (*poke)(struct queue *q);
	enum err (*find)(struct queue *q, struct slice id, queue_may_fn *may,
	    const void *arg, uint64_t *out, bool *known);
	enum err (*cursor_key)(struct queue *q, struct queue_cursor_key *out);
	enum err (*present)(struct queue *q,
	    const struct presence_change *changes, size_t n, uint64_t *epoch,
	    struct problem *p);
	enum err (*reap)(
	    struct queue *q, uint64_t *epoch, bool *more, struct problem *p);
	enum err (*crowd_open)(struct sidecar_crowd **out,
	    const struct queue_settings *s, struct problem *p);
	enum err (*parked)(struct queue *q, struct slice id,
	    struct presence **out, uint64_t *key);
	enum err (*end_of_session)(
	    struct queue *q, const struct session *s, bool all);
	enum err (*end_waiting)(struct queue *q, const uint64_t *signers,
	    size_t n, bool *more, struct problem *p);
	size_t (*stranger_room)(struct queue *q, unsigned *wait_ms);
	enum err (*subscriptions)(struct queue *q, struct selector wanted,
	    struct slice subscriber, queue_subscription_fn *each, void *arg,
	    struct buf *last_id);
	enum err (*keys_read)(struct queue *q, struct slice url,
	    struct queue_keys *out, struct buf *text);
	enum err (*keys_claim)(struct queue *q, struct slice url,
	    int64_t now_ms, int64_t since_ms, bool *mine, struct problem *p);
	enum err (*keys_store)(struct queue *q, struct slice url,
	    struct slice text, int64_t now_ms, int64_t fresh_ms,
	    struct slice error, struct problem *p);
	const struct queue_session_ops *sessions;
	enum err (*take_identity)(
	    const struct queue_settings *s, struct problem *p);
	void (*check)(
	    const struct queue_settings *s, queue_report_fn *report, void *arg);
	enum err (*backup)(const struct queue_settings *s, const char *path,
	    struct problem *p);
	void (*close)(struct queue *q);
};

/* What the transaction under way, or the last one, has written. */
struct queue_written {
	int64_t now_ms; /* real clock, at its start */
	uint64_t first; /* row; 0: none */
	struct queue_count counts[UPDATE_KINDS];
	bool ages; /* old rows go, too */
};

/* The first member of each backend's own structure. */
struct queue {
	const struct queue_ops *ops;
	struct queue_settings settings; /* without url; never change */
	bool presence_events;           /* see queue_set_presence_events() */
	struct queue_written written;
	int64_t ages_due_ms; /* when to look for old rows again (mono) */

	int64_t unnotified;        /* rows that nobody was woken for */
	uint32_t unnotified_since; /* queue_notified.count as of then */
};

/* retention.c, in a transaction: delete what is above the limits. */
enum err queue_retain(struct queue *q);

/* notify.c, after one. */
void queue_notify_later(struct queue *q);

extern const struct queue_ops queue_sqlite_ops;

/* What queue_cursor_id() made, or queue_parked_id(); *key is 0 then, or the
 * row's.  ERR_SYNTAX: nothing of this key's. */
enum err queue_cursor_parse(const struct queue_cursor_key *k, struct slice id,
    uint64_t *out, uint64_t *key);

#endif
