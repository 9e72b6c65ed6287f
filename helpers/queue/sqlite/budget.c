/* SPDX-License-Identifier: MIT */
/* budget.c - bounds the bytes that are written about strangers. */
#include "queue/sqlite/sqlite.h"

#define PAGE_BYTES 4096
#define SECOND_US INT64_C(1000000)

/* Many visitors come at once, above all after a restart, so this much may be
 * written in advance.  When it is used up, writers wait until there is room
 * for several changes. */
#define AHEAD_US (4 * SECOND_US)
#define PAUSE_US (SECOND_US / 4)

int64_t
queue_sqlite_pages(struct queue_sqlite *q)
{
	int now = 0, high = 0;

	if (q->db == NULL ||
	    sqlite3_db_status(q->db, SQLITE_DBSTATUS_CACHE_WRITE, &now, &high,
		1) != SQLITE_OK)
		return 0;
	return now;
}

void
queue_sqlite_charge(struct queue_sqlite *q,
    const struct presence_change *changes, size_t n, int64_t pages)
{
	const uint64_t rate = q->base.settings.stranger_rate;
	uint64_t all = 1, strangers = 0;

	if (rate == 0 || q->side == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		const uint64_t cost = presence_cost(changes[i].presence);

		all += cost;
		if (presence_is_stranger(changes[i].presence))
			strangers += cost;
	}
	if (strangers > 0)
		sidecar_owe(q->side,
		    (int64_t)((uint64_t)pages * PAGE_BYTES * strangers / all *
			      (uint64_t)SECOND_US / rate));
}

size_t
queue_sqlite_stranger_room(struct queue *base, unsigned *wait_ms)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	const uint64_t rate = q->base.settings.stranger_rate;
	int64_t left_us;

	if (rate == 0 || q->side == NULL)
		return SIZE_MAX;
	left_us = AHEAD_US - sidecar_debt_us(q->side);
	if (left_us <= 0) {
		*wait_ms = (unsigned)((PAUSE_US - left_us) / 1000);
		return 0;
	}
	return (size_t)((uint64_t)left_us * rate / (uint64_t)SECOND_US) + 1;
}
