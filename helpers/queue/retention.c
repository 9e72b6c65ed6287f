/* SPDX-License-Identifier: MIT */
/* retention.c - decides which rows stay. */
#include "base/clock.h"
#include "queue/backend.h"

#define AGES_EVERY_MS 1000

/* Limits of the hub's own updates, which are about presence. */
#define HUB_ROWS_MAX 1000
#define HUB_BYTES_MAX (16u << 20)

/* A crowd causes more updates than that before readers are notified, so rows
 * would be removed unread.  So only bytes count for rows that are this
 * young. */
#define HUB_YOUNG_MS 5000

static int64_t
to_int64(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

/* 0 means no limit. */
static struct queue_keep
limits_for(const struct queue *q, int kind)
{
	const struct queue_settings *s = &q->settings;
	const bool hub = kind == UPDATE_HUB;
	const int64_t now_ms = q->written.now_ms;
	const int64_t rows = to_int64(hub ? HUB_ROWS_MAX : s->rows_max);
	const int64_t bytes = to_int64(hub ? HUB_BYTES_MAX : s->bytes_max);
	const int64_t age_s = to_int64(s->age_max_s);

	return (struct queue_keep){
		.rows = rows > 0 ? rows : INT64_MAX,
		.bytes = bytes > 0 ? bytes : INT64_MAX,
		.since_ms = age_s > 0 && age_s <= now_ms / 1000
				? now_ms - age_s * 1000
				: INT64_MIN,
		.young_ms = hub ? now_ms - HUB_YOUNG_MS : INT64_MAX,
		.before = q->written.first > 0 ? q->written.first
					       : (uint64_t)INT64_MAX,
		.ages = q->written.ages,
	};
}

enum err
queue_retain(struct queue *q)
{
	enum err e = ERR_OK;

	for (int kind = 0; e == ERR_OK && kind < UPDATE_KINDS; kind++) {
		const struct queue_count *added = &q->written.counts[kind];
		const struct queue_keep keep = limits_for(q, kind);

		if (added->rows > 0 || keep.ages)
			e = q->backend->log->prune(q, kind, added, &keep);
	}
	if (e == ERR_OK && q->written.ages)
		q->ages_due_ms = clock_mono_ms() + AGES_EVERY_MS;
	return e;
}
