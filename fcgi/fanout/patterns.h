/* SPDX-License-Identifier: MIT */
/* patterns.h - bounds the distinct patterns of all streams of a process. */
#ifndef FANOUT_PATTERNS_H
#define FANOUT_PATTERNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "match/matcher.h"

/*
 * Each distinct pattern of a process is tried on the topics of each update,
 * however many streams asked for it, so the limits are about the sum of the
 * weights (matcher.h) of distinct patterns.  A stream claims its patterns
 * before its answer is decided.  The first client that claims a pattern pays
 * for it as long as any stream has it; further claims are free.  Any thread.
 */
struct patterns;

/* The patterns of one stream. */
struct pattern_claim;

struct pattern_limits {
	/* Sums of weights; 0: no limit. */
	uint64_t total;      /* of all; half of it for anonymous clients */
	uint64_t per_client; /* of those that one client pays for */
};

/* The client that pays for a stream's patterns. */
struct pattern_client {
	struct slice id; /* its token's bytes, or its address; base NULL: not
			  * known, and not limited by itself */
	bool anonymous;  /* it has no right to anything private */
};

/* ERR_NOMEM. */
enum err patterns_new(struct patterns **out);

/*
 * Claim the patterns among `l`.  *out is NULL if there are none.  ERR_LIMIT:
 * the problem is for the peer and names the setting.  ERR_NOMEM.  Nothing is
 * claimed then.
 */
enum err patterns_claim(struct pattern_claim **out, struct patterns *p,
    const struct matcher_list *l, const struct pattern_client *who,
    const struct pattern_limits *limits, struct problem *why);

/* Give up the claim: its stream is over.  NULL is allowed. */
void pattern_claim_free(struct pattern_claim *c);

/* The sum of all weights that are claimed now. */
uint64_t patterns_weight(struct patterns *p);

/* All claims are freed before.  NULL is allowed. */
void patterns_free(struct patterns *p);

#endif
