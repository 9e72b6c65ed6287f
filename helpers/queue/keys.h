/* SPDX-License-Identifier: MIT */
/* keys.h - key sets that one process fetched for all, kept in the queue. */
#ifndef QUEUE_KEYS_H
#define QUEUE_KEYS_H

#include "base/buf.h"
#include "queue/queue.h"

#define QUEUE_KEYS_MAX (256 * 1024) /* bytes of a set */

/* What is known of a URL; all times are of the real clock. */
struct queue_keys {
	int64_t changed_ms;   /* when this set came; 0: there was none yet */
	int64_t fresh_ms;     /* until when it need not be fetched again */
	int64_t tried_ms;     /* when somebody began to fetch it last */
	struct problem error; /* of the last try; "": it went well */
};

/*
 * What is known of `url`, and the set itself appended to *text (NULL: not
 * wanted).  ERR_NOTFOUND: nobody has tried yet.  Else as queue_read().
 */
enum err queue_keys_read(struct queue *q, struct slice url,
    struct queue_keys *out, struct buf *text);

/*
 * QUEUE_WRITE: before fetching.  *mine: nobody else has begun since
 * `since_ms` (or, by a clock that was put back, as long after `now_ms`), so
 * the caller is to do it, and `now_ms` is the last try.  Errors as
 * queue_append().
 */
enum err queue_keys_claim(struct queue *q, struct slice url, int64_t now_ms,
    int64_t since_ms, bool *mine, struct problem *p);

/*
 * QUEUE_WRITE: what came of it.  `text` is the set, which has changed now if
 * it differs from the one before; or base NULL, and `error` says why there is
 * none: what was known stays.  Rows that nobody has tried for weeks go.
 * Errors as queue_append().
 */
enum err queue_keys_store(struct queue *q, struct slice url, struct slice text,
    int64_t now_ms, int64_t fresh_ms, struct slice error, struct problem *p);

#endif
