/* SPDX-License-Identifier: MIT */
/* nfa_move.c - moves all states of an automaton at once by one byte. */
#include "match/nfa_internal.h"

/* Move the states `far` by their jumps.  Each jump that is taken spares all
 * up to its `until`. */
static void
jump(const struct nfa *n, const uint64_t *far, uint64_t *next, size_t *steps)
{
	uint64_t bits = far[0];
	size_t w = 0;

	for (;;) {
		const struct nfa_jump *j;

		while (bits == 0) {
			if (++w == n->words)
				return;
			bits = far[w];
		}
		j = &n->jumps[w * 64 + (size_t)__builtin_ctzll(bits)];
		next[j->first] |= j->bits;
		for (size_t i = 0; i < j->more; i++)
			next[j->first + 1 + i] |= n->far_words[j->at + i];
		*steps += j->more + NFA_JUMP_WORK;
		if (j->until / 64 != w) {
			w = j->until / 64;
			bits = far[w];
		}
		bits &= UINT64_MAX << j->until % 64 << 1;
	}
}

/* Move `now` by its near moves and set those aside in `far` that jump.
 * `near` is n->near: where it is a constant, the inner loop is none. */
static inline uint64_t
shift(const struct nfa *n, size_t near, const uint64_t *now,
    const uint64_t *takers, uint64_t *next, uint64_t *far)
{
	const uint64_t *moves = n->moves;
	uint64_t carry = 0, any_far = 0;

	for (size_t w = 0; w < n->words; w++, moves += near + 2) {
		uint64_t taken = now[w] & takers[w];
		uint64_t to = (taken & moves[0]) | carry;

		carry = 0;
		for (size_t d = 1; d <= near; d++) {
			uint64_t by_d = taken & moves[d];

			to |= by_d << d;
			carry |= by_d >> (64 - d);
		}
		next[w] = to;
		far[w] = taken & moves[near + 1];
		any_far |= far[w];
	}
	return any_far;
}

bool
nfa_move(const struct nfa *n, const uint64_t *now, uint8_t kind, uint64_t *next,
    size_t *steps)
{
	const uint64_t *takers = n->takers + (size_t)kind * n->words;
	uint64_t far[NFA_WORDS_MAX], any;

	any = n->near == NFA_NEAR_MIN
		  ? shift(n, NFA_NEAR_MIN, now, takers, next, far)
		  : shift(n, n->near, now, takers, next, far);
	*steps += n->words * (n->near + 1u);
	if (any != 0)
		jump(n, far, next, steps);
	for (size_t w = 0; w < n->words; w++)
		any |= next[w];
	return any != 0;
}

bool
nfa_has_end(const struct nfa *n, const uint64_t *states)
{
	size_t end = n->states - 1u;

	return (states[end / 64] >> end % 64 & 1) != 0;
}
