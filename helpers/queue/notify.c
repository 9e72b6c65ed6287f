/* SPDX-License-Identifier: MIT */
/* notify.c - notifies readers of the hub's own updates, several at a time. */
#include "queue/backend.h"
#include "queue/presence.h"

#define NOTIFY_EVERY_MS 200
#define NOTIFY_ROWS \
	256 /* or after so many updates, so that readers do not fall behind */

void
queue_wake(struct queue *q)
{
	q->backend->log->wake(q);
}

void
queue_notify_later(struct queue *q)
{
	const int64_t rows = q->written.counts[UPDATE_HUB].rows;
	struct queue_notified last;

	if (rows == 0 || !q->backend->log->notified(q, &last))
		return;
	q->unnotified += rows;
	q->unnotified_since = last.count;
}

unsigned
queue_notify_soon(struct queue *q)
{
	struct queue_notified last;

	if (q->unnotified == 0 || !q->backend->log->notified(q, &last))
		return 0;
	if (last.count == q->unnotified_since) {
		if (last.ago_ms < NOTIFY_EVERY_MS &&
		    q->unnotified < NOTIFY_ROWS)
			return NOTIFY_EVERY_MS - last.ago_ms;
		q->backend->log->wake(q);
	}
	q->unnotified = 0;
	return 0;
}
