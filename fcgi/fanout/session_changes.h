/* SPDX-License-Identifier: MIT */
/* session_changes.h - what sessions were granted or lost since, ready for the streams. */
#ifndef FANOUT_SESSION_CHANGES_H
#define FANOUT_SESSION_CHANGES_H

#include <stddef.h>
#include <stdint.h>

#include "mercure/grant.h"
#include "queue/queue.h"

#define SESSION_CHANGES_MAX 256

struct session_change {
	uint64_t number;
	uint8_t token[GRANT_TOKEN_SIZE]; /* as of its grants */
	struct grant *grant; /* NULL: it has lost all, or its time is up */
};

/* In the order of their tokens, each of which is there once. */
struct session_changes {
	struct session_change v[SESSION_CHANGES_MAX];
	size_t n;
	uint64_t number; /* all changes up to it are in */
};

/*
 * All changes behind `number`, or the first of them; the caller frees *out
 * with session_changes_free().  ERR_NOMEM; else as of queue_read().
 */
enum err session_changes_read(
    struct session_changes **out, struct queue *q, uint64_t number);

/* What the list says of this session; NULL: nothing. */
const struct session_change *session_changes_find(
    const struct session_changes *c, const uint8_t token[GRANT_TOKEN_SIZE]);

void session_changes_free(struct session_changes *c); /* NULL is allowed */

#endif
