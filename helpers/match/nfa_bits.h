/* SPDX-License-Identifier: MIT */
/* nfa_bits.h - a set of an automaton's states, while the automaton is built. */
#ifndef MATCH_NFA_BITS_H
#define MATCH_NFA_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/nfa.h"

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

#endif
