/* SPDX-License-Identifier: MIT */
/* ops.h - what a backend of the queue provides; for queue*.c only. */
#ifndef QUEUE_OPS_H
#define QUEUE_OPS_H

#include "queue/crowd.h"
#include "queue/keys.h"
#include "queue/presence.h"
#include "queue/sessions.h"

/* Each is the function of queue.h, queue_crowd.h, queue_keys.h,
 * queue_presence.h or queue_sessions.h with the same name. */
struct queue_ops {
	enum err (*open)(struct queue **out, const struct queue_settings *s,
	    enum queue_mode mode, struct problem *p);
	enum err (*append)(struct queue *q, const struct update *const *updates,
	    size_t n, struct problem *p);
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
	enum err (*end_waiting)(struct queue *q, const uint64_t *signers,
	    size_t n, bool *more, struct problem *p);
	size_t (*stranger_room)(struct queue *q, unsigned *wait_ms);
	void (*set_presence_events)(struct queue *q, bool on);
	unsigned (*wake_soon)(struct queue *q);
	enum err (*subscriptions)(struct queue *q, struct slice topic,
	    struct slice subscriber, queue_subscription_fn *each, void *arg,
	    struct buf *last_id);
	enum err (*keys_read)(struct queue *q, struct slice url,
	    struct queue_keys *out, struct buf *text);
	enum err (*keys_claim)(struct queue *q, struct slice url,
	    int64_t now_ms, int64_t since_ms, bool *mine, struct problem *p);
	enum err (*keys_store)(struct queue *q, struct slice url,
	    struct slice text, int64_t now_ms, int64_t fresh_ms,
	    struct slice error, struct problem *p);
	enum err (*session_grant)(
	    struct queue *q, const struct session_wish *w, struct problem *p);
	enum err (*session_move)(struct queue *q,
	    const struct session_key *from, const struct session_key *to,
	    int64_t now_ms, size_t topics_max, struct problem *p);
	enum err (*session_revoke)(struct queue *q,
	    const struct session_key *key, struct slice topics, int64_t now_ms,
	    struct problem *p);
	enum err (*session_find)(struct queue *q, const struct session_key *key,
	    int64_t now_ms, queue_session_fn *each, void *arg,
	    uint64_t *number);
	enum err (*session_changes)(struct queue *q, uint64_t number,
	    size_t max, queue_session_fn *each, void *arg);
	enum err (*sessions)(
	    struct queue *q, int64_t now_ms, queue_session_fn *each, void *arg);
	enum err (*take_identity)(
	    const struct queue_settings *s, struct problem *p);
	void (*check)(
	    const struct queue_settings *s, queue_report_fn *report, void *arg);
	enum err (*backup)(const struct queue_settings *s, const char *path,
	    struct problem *p);
	void (*close)(struct queue *q);
};

/* The first member of each backend's own structure. */
struct queue {
	const struct queue_ops *ops;
};

extern const struct queue_ops queue_sqlite_ops;

/* What queue_cursor_id() made, or queue_parked_id(); *key is 0 then, or the
 * row's.  ERR_SYNTAX: nothing of this key's. */
enum err queue_cursor_parse(const struct queue_cursor_key *k, struct slice id,
    uint64_t *out, uint64_t *key);

#endif
