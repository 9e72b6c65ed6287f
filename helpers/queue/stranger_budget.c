/* SPDX-License-Identifier: MIT */
/* stranger_budget.c - bounds the bytes that are written about strangers. */
#include "queue/backend.h"
#include "queue/presence.h"

#define SECOND_US INT64_C(1000000)

/* Many visitors connect at once, above all after a restart, so this much may be
 * written in advance.  When it is used up, writers wait until there is room for
 * several changes. */
#define AHEAD_US (4 * SECOND_US)
#define PAUSE_US (SECOND_US / 4)

void
queue_charge(struct queue *q, const struct presence_change *changes, size_t n,
    uint64_t bytes)
{
	const uint64_t rate = q->settings.stranger_rate;
	uint64_t all = 1, strangers = 0;
	int64_t debt_us;

	if (rate == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const uint64_t cost = presence_cost(changes[i].presence);

		all += cost;
		if (presence_is_stranger(changes[i].presence))
			strangers += cost;
	}
	if (strangers > 0)
		q->backend->presence->owe(q,
		    (int64_t)(bytes * strangers / all * (uint64_t)SECOND_US /
			      rate),
		    &debt_us);
}

size_t
queue_stranger_room(struct queue *q, unsigned *wait_ms)
{
	const uint64_t rate = q->settings.stranger_rate;
	int64_t debt_us, left_us;

	if (rate == 0 || !q->backend->presence->owe(q, 0, &debt_us))
		return SIZE_MAX;
	left_us = AHEAD_US - debt_us;
	if (left_us <= 0) {
		*wait_ms = (unsigned)((PAUSE_US - left_us) / 1000);
		return 0;
	}
	return (size_t)((uint64_t)left_us * rate / (uint64_t)SECOND_US) + 1;
}
