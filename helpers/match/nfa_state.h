/* SPDX-License-Identifier: MIT */
/* nfa_state.h - what the automaton's own files share. */
#ifndef MATCH_NFA_STATE_H
#define MATCH_NFA_STATE_H

#include "match/nfa.h"
#include "match/nfa_bits.h"
#include "match/nfa_set.h"

/* A state that leads to itself or this much further at most leads near. */
#define NFA_NEAR_MIN 2
#define NFA_NEAR_MAX 5

/* What following a jump costs, in words of states moved by one distance. */
#define NFA_JUMP_WORK 8

/*
 * Where a state leads that is not near: `bits` in word `first` and, seldom,
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

/* What the cache knows about a state and a byte. */
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
