/* SPDX-License-Identifier: MIT */
/* nfa.h - matches whole texts against regular expressions, in linear time. */
#ifndef MATCH_NFA_H
#define MATCH_NFA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* Each place in an expression that takes a byte is a state, and so is its
 * end.  Repeats with bounds are written out before they are counted. */
#define NFA_STATES_MAX 1024
#define NFA_WORDS_MAX (NFA_STATES_MAX / 64)

/* Bytes of one compiled expression. */
#define NFA_BYTES_MAX 65536

/* The cost allowed for a byte of text, in words of states: some 50 ns. */
#define NFA_WORK_MAX 64

/* States of the deterministic automaton that a cache holds at a time. */
#define NFA_CACHE_STATES 32

/*
 * A compiled expression (nfa_build.h makes them): immutable, any thread may
 * read it.  All states that could be the current one are held as bits, and a
 * byte moves them all at once, so that no expression and no text can make it
 * take more than NFA_WORK_MAX for a byte.
 */
struct nfa;

void nfa_free(struct nfa *n); /* NULL is allowed */

size_t nfa_bytes(const struct nfa *n);

/* Steps that a byte of text takes at worst: 1 to NFA_WORK_MAX. */
size_t nfa_work(const struct nfa *n);

/*
 * Sets of states met before and where each kind of byte leads from them: a
 * deterministic automaton that grows while it is used.  It saves most of the
 * work of expressions with many states.  Since it is written to while
 * matching, it stands apart from the expression and has one owner, who uses
 * it from one thread and frees it before the expression.
 *
 * NULL in its place is always right: it costs time, never the answer.
 */
struct nfa_cache;

/* How many bytes nfa_cache_new() would take; 0: none is of use, because one
 * word holds all states and moving it costs no more than looking it up. */
size_t nfa_cache_bytes(const struct nfa *n);

/* NULL: no memory. */
struct nfa_cache *nfa_cache_new(const struct nfa *n);
void nfa_cache_free(struct nfa_cache *c); /* NULL is allowed */

/* One text being matched; it lies on the caller's stack. */
struct nfa_run {
	const struct nfa *nfa;
	struct nfa_cache *cache;
	bool cleared;  /* the cache overflowed once already */
	uint8_t state; /* in the cache, or … */
	uint64_t now[NFA_WORDS_MAX];
	/* The work so far: words of states moved, looked up or added.  Tests
	 * hold it against the text's length. */
	size_t steps;
};

/* Begin a text.  `cache` belongs to `n`, or is NULL. */
void nfa_start(struct nfa_run *r, const struct nfa *n, struct nfa_cache *cache);

/* Go on with the next part of it.  False: no end of the text will match. */
bool nfa_feed(struct nfa_run *r, struct slice part);

/* Does the text match as a whole, if this was its end? */
bool nfa_is_match(const struct nfa_run *r);

#endif
