/* SPDX-License-Identifier: MIT */
/* nfa_internal.h - what the automaton's own files share. */
#ifndef MATCH_NFA_INTERNAL_H
#define MATCH_NFA_INTERNAL_H

#include "match/nfa.h"
#include "match/nfa_set.h"

/* A set of states, while the automaton is built. */
struct nfa_bits {
	uint64_t words[NFA_WORDS_MAX];
};

static inline bool
nfa_bits_has(const struct nfa_bits *b, size_t i)
{
	return (b->words[i / 64] >> i % 64 & 1) != 0;
}

static inline void
nfa_bits_add(struct nfa_bits *b, size_t i)
{
	b->words[i / 64] |= UINT64_C(1) << i % 64;
}

static inline void
nfa_bits_remove(struct nfa_bits *b, size_t i)
{
	b->words[i / 64] &= ~(UINT64_C(1) << i % 64);
}

static inline void
nfa_bits_or(struct nfa_bits *b, const struct nfa_bits *other)
{
	for (size_t w = 0; w < NFA_WORDS_MAX; w++)
		b->words[w] |= other->words[w];
}

/* The first member from `i` on; NFA_STATES_MAX if there is none. */
static inline size_t
nfa_bits_from(const struct nfa_bits *b, size_t i)
{
	size_t w = i / 64;
	uint64_t word;

	if (w >= NFA_WORDS_MAX)
		return NFA_STATES_MAX;
	word = b->words[w] & UINT64_MAX << i % 64;
	while (word == 0) {
		if (++w == NFA_WORDS_MAX)
			return NFA_STATES_MAX;
		word = b->words[w];
	}
	return w * 64 + (size_t)__builtin_ctzll(word);
}

/* The same set, `by` states further on; it fits. */
static inline struct nfa_bits
nfa_bits_moved(const struct nfa_bits *b, size_t by)
{
	struct nfa_bits moved = { { 0 } };
	size_t w, skip = by / 64, shift = by % 64;

	for (w = skip; w < NFA_WORDS_MAX; w++) {
		moved.words[w] = b->words[w - skip] << shift;
		if (shift > 0 && w > skip)
			moved.words[w] |=
			    b->words[w - skip - 1] >> (64 - shift);
	}
	return moved;
}

/* A state that leads to itself or this much further at most leads near. */
#define NFA_NEAR_MIN 2
#define NFA_NEAR_MAX 5

/* The cost of following a jump, in words of states moved by one distance. */
#define NFA_JUMP_WORK 8

/*
 * Where a state leads that is not near: `bits` in word `first` and, rarely,
 * words [at, at + more) of `far_words` behind it.  The states up to `until`
 * lead nowhere that this one does not: in a row of optional parts the first
 * one speaks for all.
 */
struct nfa_jump {
	uint64_t bits;
	uint16_t first, more, at, until;
};

/* Glushkov's automaton: no empty moves.  It is one block of memory. */
struct nfa {
	size_t bytes;
	uint16_t states, words; /* the last state is the end */
	uint16_t kinds;         /* of bytes; all of a kind do the same */
	uint16_t near;          /* NFA_NEAR_MIN to NFA_NEAR_MAX */
	uint16_t work;          /* of a byte, at worst */
	uint8_t kind_of[256];
	const uint64_t *start;
	/* For each word, by distance (0 to near) the states that lead so far:
	 * all 64 are moved by a shift.  Behind them those that jump. */
	const uint64_t *moves;
	const uint64_t *takers; /* for each kind, who takes it */
	const uint64_t *far_words;
	const struct nfa_jump *jumps; /* by state; NULL: all moves are near */
};

/*
 * Make *next of `now` and a byte of kind `kind`.  Returns false when nothing
 * is left; adds the work to *steps.
 */
bool nfa_move(const struct nfa *n, const uint64_t *now, uint8_t kind,
    uint64_t *next, size_t *steps);

bool nfa_has_end(const struct nfa *n, const uint64_t *states);

/* The cache's answer for a state and a byte. */
enum { NFA_CACHE_UNKNOWN = 0xff, NFA_CACHE_DEAD = 0xfe };

struct nfa_cache {
	const struct nfa *nfa;
	uint8_t n;      /* states that are in it; the first is the start */
	uint64_t *sets; /* NFA_CACHE_STATES times words */
	uint8_t *leads; /* NFA_CACHE_STATES times kinds */
};

/*
 * Work out where `kind` leads from the run's state and remember it.  When
 * the cache is full it is cleared, once for a text; the second time the run
 * goes on without it.  So a text can waste no more than two fillings.
 * Returns false when nothing is left.
 */
bool nfa_cache_learn(struct nfa_run *r, uint8_t kind);

/* Compile: the start, and for each state its set and those that follow it.
 * The last state is the end.  ERR_LIMIT, ERR_NOMEM. */
struct nfa_plan {
	struct nfa_bits start;
	size_t states;
	const uint8_t *set_of; /* by state: an index of `sets` */
	const struct nfa_bits *follow;
	const struct nfa_set *sets;
	size_t sets_n;
};
enum err nfa_compile(struct nfa **out, const struct nfa_plan *plan);

#endif
