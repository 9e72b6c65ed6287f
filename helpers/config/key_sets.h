/* SPDX-License-Identifier: MIT */
/* key_sets.h - key sets at URLs: one process fetches them, all use them. */
#ifndef CONFIG_KEY_SETS_H
#define CONFIG_KEY_SETS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "queue/keys.h"

/* The time for which a set is still used after it should have been fetched
 * again, if that fails. */
#define JWKS_KEEP_MS (INT64_C(24) * 3600 * 1000)

struct jwks_source {
	const char *url;     /* https */
	const char *ca_file; /* NULL: the system's authorities */
};

/*
 * Fetch a set and append it to *text if it has a key that can be used (RFC
 * 7517, section 5); it is fresh for *life_ms.  Takes seconds: never
 * in the loop's thread.  `stop` as in request.h.  ERR_SYNTAX: no key that can
 * be used.  ERR_IO: another status than 200.  Else as http_send(); the problem
 * names the URL without its query.
 */
enum err jwks_fetch(struct buf *text, int64_t *life_ms,
    const struct jwks_source *src, const _Atomic bool *stop, struct problem *p);

/* The time for which an answer with this head is fresh: the max-age of its
 * Cache-Control, from a minute to a day; else an hour. */
int64_t jwks_life_ms(struct slice head);

/* May the set still be used? */
bool jwks_is_usable(const struct queue_keys *k, int64_t now_ms);

/*
 * Fetch the set into the queue (QUEUE_WRITE) if it is time: there is none, it
 * is not fresh any more, or somebody wanted a key at `wanted_ms` (real clock;
 * 0: nobody) that was not in it.  At most every 30 seconds (10, if there is
 * none), over all processes.  The log says what has changed.
 */
void jwks_refresh(struct queue *q, const struct jwks_source *src,
    int64_t wanted_ms, const _Atomic bool *stop);

#endif
