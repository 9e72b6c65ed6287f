/* SPDX-License-Identifier: MIT */
/* crowd_count.h - how many streams have a topic open. */
#ifndef QUEUE_CROWD_COUNT_H
#define QUEUE_CROWD_COUNT_H

#include "queue/crowd_table.h"

/* One topic to count. */
struct crowd_count {
	uint64_t topic; /* crowd_key_topic() */
	uint64_t n;
};

/* The topics of a stream for which it is counted, and those whose numbers it
 * may ask for. */
#define CROWD_VIEWS_MAX 12
#define CROWD_COUNTS_MAX 16

/*
 * Count the views of `n` different topics in one walk over the slots; `secret`
 * is that of the table.  Slots of dead processes count until they are swept.
 * ERR_NOMEM.
 */
enum err crowd_count(const struct crowd_table *t, const uint64_t secret[2],
    int64_t now_ms, struct crowd_count *v, size_t n);

#endif
