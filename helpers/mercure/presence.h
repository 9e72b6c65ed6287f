/* SPDX-License-Identifier: MIT */
/* presence.h - one subscriber, as other processes see it. */
#ifndef MERCURE_PRESENCE_H
#define MERCURE_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "match/matcher.h"
#include "mercure/grant.h"

/*
 * A subscriber's signer: nobody (it is anonymous); a session, which was granted
 * something or not; or the key of its token, by its fingerprint.
 */
enum {
	PRESENCE_BY_NOBODY = 0,
	PRESENCE_BY_SESSION = 1,
	PRESENCE_BY_EMPTY_SESSION = 2,
	PRESENCE_BY_KEY = 3 /* fingerprints of keys start here */
};

/*
 * The content of a subscriber's row.  Owner: the caller of presence_new();
 * immutable.
 *
 * Its key has 63 bits with the highest set, so that it is never confused with a
 * position of the log: the time of its arrival (real clock, milliseconds,
 * within 70 minutes) and 40 random bits, since thousands may arrive in one
 * second.
 * A peer that polls sends the key back, encrypted and authenticated, in its
 * last event id (queue_away_id()).  So each process knows its arrival although
 * no row was written yet, and an anonymous request that ends at once needs no
 * row to be recognised.
 */
struct presence {
	uint64_t key;
	uint64_t brought;  /* the key in the id that it came with; 0: none */
	uint64_t signer;   /* PRESENCE_BY_... */
	uint32_t delay_ms; /* a stranger's row is not written before that age */
	char subscriber[UUID_URN_SIZE];
	struct slice topics; /* its selectors, sorted, each once (selector.h) */
	struct slice payload; /* JSON text of its token; base NULL: none */
	/* Stands for the token in counts and comparisons; without one all
	 * zero. */
	uint8_t token[GRANT_TOKEN_SIZE];
	bool has_token;
	bool goes_on; /* its row is there already, as it was away */
	char text[];  /* what the slices point into */
};

struct presence_parts {
	const struct matcher_list *matchers;
	struct slice payload;
	const uint8_t *token; /* NULL: none */
	uint64_t signer;
	uint32_t delay_ms; /* for strangers */
};

/* The signer for a key with this fingerprint: PRESENCE_BY_KEY or more. */
uint64_t presence_signer(uint64_t fingerprint);

/* Is it a stranger: anonymous, or with a session that was granted nothing? */
bool presence_is_stranger(const struct presence *p);

/* Make a new subscriber, with a new key and identifier.  ERR_NOMEM. */
enum err presence_new(struct presence **out, const struct presence_parts *p);

/* Have both the same selectors, the same rights and the same payload? */
bool presence_is_like(const struct presence *p, const struct presence *other);

/* About how many bytes its row and the events about it have. */
size_t presence_cost(const struct presence *p);

/* The milliseconds after `now_ms` (real clock) before its row may be written;
 * 0: it is old enough, or not a stranger. */
uint32_t presence_wait_ms(const struct presence *p, int64_t now_ms);

/* Give it another key, with another arrival, and another identifier. */
void presence_reidentify(struct presence *p);

/* The subscriber brings this key, but no row of a subscriber that is away has
 * it.  A stranger that polls then counts from the arrival of its first poll,
 * unless that was long ago. */
void presence_return(struct presence *p, uint64_t key);

/* Adopt the key and the identifier of `other`. */
void presence_go_on(struct presence *p, const struct presence *other);

void presence_free(struct presence *p); /* NULL is allowed */

#endif
