/* SPDX-License-Identifier: MIT */
/* keys.h - key sets that one process fetched for all, kept in the queue. */
#ifndef QUEUE_KEYS_H
#define QUEUE_KEYS_H

#include "base/buf.h"
#include "queue/queue.h"

#define QUEUE_KEYS_MAX (256 * 1024) /* bytes of a set */

/* The state of a URL's key set; all times are of the real clock. */
struct queue_keys {
	int64_t changed_ms;   /* when this set was received; 0: never */
	int64_t fresh_ms;     /* until when it need not be fetched again */
	int64_t tried_ms;     /* when the last try to fetch it began */
	struct problem error; /* of the last try; "": it succeeded */
};

/*
 * Read the state of `url`, and append the set itself to *text (NULL: not
 * wanted).  ERR_NOTFOUND: no process has tried to fetch it yet.  Else as
 * queue_read().
 */
enum err queue_keys_read(struct queue *q, struct slice url,
    struct queue_keys *out, struct buf *text);

/*
 * QUEUE_WRITE: call it before fetching.  *mine: no other process has begun
 * since `since_ms` (or, by a clock that was put back, as long after `now_ms`),
 * so the caller fetches it, and `now_ms` is stored as the last try.  Errors as
 * queue_append().
 */
enum err queue_keys_claim(struct queue *q, struct slice url, int64_t now_ms,
    int64_t since_ms, bool *mine, struct problem *p);

/*
 * QUEUE_WRITE: store the result.  `text` is the set, which has changed now if
 * it differs from the one before.  If its base is NULL, `error` is the reason
 * of the failure, and the set that was stored stays.  Rows that no process has
 * tried for weeks are removed.
 * Errors as queue_append().
 */
enum err queue_keys_store(struct queue *q, struct slice url, struct slice text,
    int64_t now_ms, int64_t fresh_ms, struct slice error, struct problem *p);

#endif
