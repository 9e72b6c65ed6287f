/* SPDX-License-Identifier: MIT */
/* crowd_table.h - slots in shared memory: open streams, and their views. */
#ifndef QUEUE_CROWD_TABLE_H
#define QUEUE_CROWD_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "queue/crowd_key.h"

/*
 * A stream claims a slot first and counts afterwards, so that streams that
 * arrive at the same moment do not exceed the limit.  A slot is claimed and
 * freed by one compare-and-swap of its first word, and belongs to a process for
 * as long as that process lives.  The next stream that would be refused because
 * of slots of a killed process frees them.
 *
 * A view is one topic that a stream has open and that is counted; it has a slot
 * too, which no limit counts.
 *
 * Another process may write anything into this memory at any time.  No number
 * in it is used as an index or as a bound beyond the slots that exist, and
 * nothing waits for it to change.
 */
struct crowd_slot {
	/* 0: free; below 1 << QUEUE_OWNER_BITS: the owner number of a process;
	 * from 1 << 62 on, below 1 << 63: the key of the row of a subscriber
	 * that is away.  A view: the same with bit 61, or away with bit 63. */
	_Atomic uint64_t who;
	/* crowd_key_hide(); of a view: crowd_key_hide_topic() and 0. */
	_Atomic uint64_t token, address;
	/* Its ticket: streams with a higher one count it.  0, or with the
	 * highest bit set: all streams count it.  Away: the highest bit, and
	 * the time (real clock, ms) until which the slot is kept. */
	_Atomic uint64_t when;
};

struct crowd_head {
	_Atomic uint64_t format; /* 0: not yet made */
	_Atomic uint64_t secret[2];
	_Atomic uint64_t top;    /* slots from here on were never used */
	_Atomic uint64_t ticket; /* the last ticket that was given */
	_Atomic uint64_t swept;  /* real clock, ms: the last sweep for counts */
};

/* One process's view; owner: one thread at a time. */
struct crowd_table {
	struct crowd_head *head;
	struct crowd_slot *slots;
	size_t n;
	uint64_t owner;
	bool (*lives)(void *arg, uint64_t owner); /* when in doubt: true */
	void *arg;

	size_t hint; /* this view knows no free slot below it */
	unsigned takes;
};

#define CROWD_AWAY_MAX_MS ((int64_t)24 * 3600 * 1000)

struct crowd_seat {
	size_t at;
	uint64_t ticket;
	uint64_t away_key; /* the row that it was reserved for; 0: none */
	int64_t until_ms;  /* until when (real clock) */
	uint64_t address;  /* and for which address */
};

/* Claim a free slot.  ERR_FULL: all are in use. */
enum err crowd_table_take(struct crowd_table *t, const struct crowd_keys *k,
    int64_t now_ms, struct crowd_seat *out);

/* Claim the slot that is reserved for this row's key and the same token.
 * ERR_NOTFOUND. */
enum err crowd_table_resume(struct crowd_table *t, uint64_t away_key,
    const struct crowd_keys *k, int64_t now_ms, struct crowd_seat *out);

/* Limits of streams: in total, with one token, from one address; 0: no limit.
 * A subscriber that is away counts for its token and its address only. */
struct crowd_limits {
	uint64_t total, per_token, per_address;
};
enum crowd_limit {
	CROWD_WITHIN,
	CROWD_TOTAL,
	CROWD_PER_TOKEN,
	CROWD_PER_ADDRESS
};

/* Which limit is exceeded with this slot?  Counts the slots that were claimed
 * before it.  Only if a limit is exceeded it checks which processes are still
 * alive, frees the slots of the others, and does not count them. */
enum crowd_limit crowd_table_check(struct crowd_table *t,
    const struct crowd_keys *k, const struct crowd_limits *limits,
    int64_t now_ms, const struct crowd_seat *seat);

/* The number of slots that belong to this process. */
size_t crowd_table_own(const struct crowd_table *t);

/* Does the slot still belong to this process? */
bool crowd_table_has(const struct crowd_table *t, const struct crowd_seat *s);

/* Free the slot; reserve it for the row `away_key` until `until_ms` (real
 * clock, at most CROWD_AWAY_MAX_MS from now); or restore it as it was before
 * it was claimed.  A slot that another process claimed meanwhile is not
 * changed. */
void crowd_table_leave(struct crowd_table *t, const struct crowd_seat *s);
void crowd_table_reserve(struct crowd_table *t, const struct crowd_seat *s,
    uint64_t away_key, int64_t until_ms);
void crowd_table_give_back(struct crowd_table *t, const struct crowd_seat *s);

/* Free the slots of dead processes. */
void crowd_table_sweep(struct crowd_table *t);

/* The same at most once a second over all processes, so that counts of views
 * are right. */
void crowd_table_sweep_for_counts(struct crowd_table *t, int64_t now_ms);

/* Views use no slot above these numbers, so that they leave room for streams,
 * and a count of them stays short. */
#define CROWD_VIEW_SLOTS ((size_t)1 << 18)
#define CROWD_AWAY_VIEW_SLOTS ((size_t)1 << 16)

/* Claim a slot for a view of `topic` (crowd_key_hide_topic()).  ERR_FULL: all
 * that views may use are in use. */
enum err crowd_table_add_view(
    struct crowd_table *t, uint64_t topic, int64_t now_ms, size_t *at);

/* Is the slot still a view of this process? */
bool crowd_table_has_view(const struct crowd_table *t, size_t at);

/* Keep it for the row `away_key` as crowd_table_reserve() does; 0: free it. */
void crowd_table_reserve_view(
    struct crowd_table *t, size_t at, uint64_t away_key, int64_t until_ms);

/* The subscriber with this row is back: free the views that were kept. */
void crowd_table_return_views(struct crowd_table *t, uint64_t away_key);

/* Call `each` with the topic of each view. */
typedef void crowd_view_fn(void *arg, uint64_t topic);
void crowd_table_views(const struct crowd_table *t, int64_t now_ms,
    crowd_view_fn *each, void *arg);

#endif
