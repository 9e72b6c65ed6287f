/* SPDX-License-Identifier: MIT */
/* queue.h - the ordered log of updates that all processes share. */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "mercure/dialect.h"
#include "mercure/update.h"

/*
 * A position in the log is one number, "this row and all before it are read":
 * uint64_t, and 0 lies before all rows.  Each row has a higher number than the
 * row before it.
 */

/*
 * A process that writes rows of subscribers has a random number of
 * QUEUE_OWNER_BITS, not 0 (queue_settings.owner).  The queue shows others that
 * the process lives for as long as it has a handle for writing, however the
 * process ends.
 */
#define QUEUE_OWNER_BITS 61
uint64_t queue_new_owner(void);

/* One handle is used by one thread at a time; threads open their own.
 * Never carry a handle over fork(2). */
struct queue;

struct queue_settings {
	const char *url;   /* "sqlite:///path"; chooses the backend */
	uint64_t rows_max; /* retention; 0 means no limit */
	uint64_t age_max_s;
	uint64_t bytes_max;
	unsigned lock_timeout_ms; /* longest wait for the write lock */
	bool full;                /* durability: survive power loss */
	bool presence_events;     /* publish events about subscribers, */
	struct dialects dialects; /* in the form of each of these */
	uint64_t stranger_rate;   /* bytes a second that all processes write
				 * about strangers; 0: no limit */
	bool small;     /* one of hundreds of processes: use little memory */
	uint64_t owner; /* of this process's subscribers; 0: it has none */
};

enum queue_mode { QUEUE_READ, QUEUE_WRITE };

/*
 * Open, creating what is missing.  Settings are copied.  The problem names
 * path, cause and fix.  ERR_UNSUPPORTED: no backend for this URL, or a network
 * file system.  ERR_NEWER: made by a newer version.  ERR_READONLY, ERR_IO,
 * ERR_FULL, ERR_BUSY, ERR_NOMEM.
 */
enum err queue_open(struct queue **out, const struct queue_settings *s,
    enum queue_mode mode, struct problem *p);

/*
 * QUEUE_WRITE: append all or none, in order, in one transaction that also
 * prunes; with n == 0 it only prunes.  ERR_OK: durable as configured, and every
 * later queue_read() sees them.  ERR_BUSY: another process held the lock for
 * too long (the log names it).  ERR_FULL, ERR_MOVED, ERR_READONLY, ERR_IO,
 * ERR_NOMEM: nothing was appended; the next call tries again, and reopens what
 * it needs.  ERR_NEWER: this process must drain and end.  queue_wake() notifies
 * the processes that read; it may be called after the publisher has its answer.
 */
enum err queue_append(struct queue *q, const struct update *const *updates,
    size_t n, struct problem *p);
void queue_wake(struct queue *q);

/* The result of queue_read(), all in one snapshot. */
struct queue_span {
	uint64_t epoch; /* changes when another database takes the place */
	uint64_t next;  /* read up to here */
	/* The last pruned application row: a position below it has lost
	 * updates. */
	uint64_t floor;
	size_t rows;
	uint64_t sessions; /* the last change of a session; see sessions.h */
};

/*
 * The update is borrowed for the length of the call; copy it and return: a
 * statement is open.  An update that was appended without an id has its own
 * position as one (queue_cursor_id()).
 */
typedef void queue_row_fn(void *arg, uint64_t at, const struct update *u);

/*
 * Pass the rows behind `after` to `row`, in order: at least one row if there is
 * any, at most `rows_max`, and none after `bytes_max` bytes are full.  No
 * statement stays open afterwards.  When the epoch differs from `epoch_seen`
 * no rows are passed: positions of the old epoch mean nothing any more.
 * Errors as of queue_append(); the next call re-opens.
 */
enum err queue_read(struct queue *q, uint64_t after, uint64_t epoch_seen,
    size_t rows_max, size_t bytes_max, queue_row_fn *row, void *arg,
    struct queue_span *out);

/*
 * Sleep until a process calls queue_wake() after this handle's last
 * queue_read(), or queue_poke() is called on this handle, or `timeout_ms` pass.
 */
void queue_wait(struct queue *q, unsigned timeout_ms);
void queue_poke(struct queue *q); /* any thread */

/*
 * A position as an event id: '#' and base64url, opaque to all other programs.
 * Any thread: needs only the key of the epoch `k`, see queue_start().
 * ERR_NOMEM: `out` is the empty text; leave the id out.
 */
#define QUEUE_ID_SIZE 24 /* with the NUL */

struct queue_cursor_key {
	uint64_t epoch;
	uint8_t key[16];
};
enum err queue_cursor_id(
    const struct queue_cursor_key *k, uint64_t at, char out[QUEUE_ID_SIZE]);

/*
 * For a program (never for a library) before it opens the queue and starts
 * threads: a process of root gives up that identity if others may write in the
 * queue's folder (see identity.h), and opening a FIFO that another user put
 * there does not block.  ERR_DENIED, ERR_IO, ERR_SYNTAX, ERR_NOMEM.
 */
enum err queue_take_identity(const struct queue_settings *s, struct problem *p);

/*
 * For a program, before it opens a queue: allocate little memory in advance,
 * and with `alone`, for a process of one stream among hundreds, none.
 */
void queue_keep_small(bool alone);

/* --check: is the queue in order?  Calls `report` once for each point that it
 * checks; `good` false: `text` names the fix. */
typedef void queue_report_fn(void *arg, bool good, const char *text);
void queue_check(
    const struct queue_settings *s, queue_report_fn *report, void *arg);

/*
 * Copy the queue, as of one moment, to a new file for this user alone, while
 * others use the queue; on success the copy is on the disk.  The copy is
 * another queue: positions of this one mean nothing in it, and it has no
 * sessions, since a right that is revoked after the copy was made must not come
 * back.  It creates the copy only, and never a queue.  ERR_DENIED: `path`
 * exists.  ERR_FULL, ERR_READONLY, ERR_IO: the queue cannot be read, or the
 * copy cannot be written.  Otherwise as queue_open().  Root reads the queue as
 * queue_take_identity() says, and writes the copy as root.
 */
enum err queue_backup(
    const struct queue_settings *s, const char *path, struct problem *p);

void queue_close(struct queue *q); /* NULL is allowed */

#endif
