/* SPDX-License-Identifier: MIT */
/* nfa.c - moves all states of an automaton at once, byte by byte. */
#include "nfa.h"

#include "mem.h"
#include "nfa_state.h"

void
nfa_free(struct nfa *n)
{
	mem_free(n);
}

size_t
nfa_bytes(const struct nfa *n)
{
	return n->bytes;
}

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

void
nfa_start(struct nfa_run *r, const struct nfa *n, struct nfa_cache *cache)
{
	r->nfa = n;
	r->cache = cache;
	r->cleared = false;
	r->state = 0;
	r->steps = 0;
	for (size_t w = 0; w < n->words; w++)
		r->now[w] = n->start[w];
}

static bool
move(struct nfa_run *r, uint8_t kind)
{
	uint64_t next[NFA_WORDS_MAX];
	bool alive = nfa_move(r->nfa, r->now, kind, next, &r->steps);

	for (size_t w = 0; w < r->nfa->words; w++)
		r->now[w] = next[w];
	return alive;
}

static bool
look_up(struct nfa_run *r, uint8_t kind)
{
	const struct nfa_cache *c = r->cache;
	uint8_t to = c->leads[(size_t)r->state * r->nfa->kinds + kind];

	r->steps++;
	if (to == NFA_CACHE_UNKNOWN)
		return nfa_cache_learn(r, kind);
	r->state = to;
	return to != NFA_CACHE_DEAD;
}

bool
nfa_feed(struct nfa_run *r, struct slice part)
{
	for (size_t i = 0; i < part.len; i++) {
		uint8_t kind = r->nfa->kind_of[(uint8_t)part.base[i]];

		if (!(r->cache != NULL ? look_up(r, kind) : move(r, kind)))
			return false;
	}
	return true;
}

bool
nfa_is_match(const struct nfa_run *r)
{
	const struct nfa *n = r->nfa;

	if (r->cache == NULL)
		return nfa_has_end(n, r->now);
	return r->state != NFA_CACHE_DEAD &&
	       nfa_has_end(n, r->cache->sets + (size_t)r->state * n->words);
}
