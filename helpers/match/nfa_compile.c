/* SPDX-License-Identifier: MIT */
/* nfa_compile.c - brings a planned automaton into the form that runs fast. */
#include <string.h>

#include "base/mem.h"
#include "match/nfa_internal.h"

/* The parts of what becomes one block of memory. */
struct compiling {
	const struct nfa_plan *plan;
	size_t words, kinds, near;
	uint8_t kind_of[256];
	uint8_t sample[256]; /* by kind: a byte of it */
	/* By state, for `near`; those that do not jump have no bits. */
	struct nfa_jump *jumps;
	size_t jumps_n, far_n, far_max;
	uint64_t *far_words;
};

/* Tell bytes apart by one more set.  A kind that is split keeps its number
 * for those outside. */
static void
split_kinds(struct compiling *c, const struct nfa_set *set)
{
	size_t in_n[256] = { 0 }, all_n[256] = { 0 }, byte, k, kinds = c->kinds;
	uint8_t to[256];

	for (byte = 0; byte < 256; byte++) {
		all_n[c->kind_of[byte]]++;
		in_n[c->kind_of[byte]] += nfa_set_has(set, (uint8_t)byte);
	}
	for (k = 0; k < kinds; k++)
		to[k] = in_n[k] > 0 && in_n[k] < all_n[k] ? (uint8_t)c->kinds++
							  : (uint8_t)k;
	for (byte = 0; byte < 256; byte++)
		if (nfa_set_has(set, (uint8_t)byte))
			c->kind_of[byte] = to[c->kind_of[byte]];
}

static void
find_kinds(struct compiling *c)
{
	size_t i;

	c->kinds = 1;
	memset(c->kind_of, 0, sizeof(c->kind_of));
	for (i = 0; i < c->plan->sets_n; i++)
		split_kinds(c, &c->plan->sets[i]);
	for (i = 0; i < 256; i++)
		c->sample[c->kind_of[i]] = (uint8_t)i;
}

/* Where a state leads that is not near. */
static struct nfa_bits
far_of(const struct compiling *c, size_t state)
{
	struct nfa_bits far = c->plan->follow[state];
	size_t to = state + c->near < NFA_STATES_MAX ? state + c->near
						     : NFA_STATES_MAX - 1;

	for (; to > state; to--)
		nfa_bits_remove(&far, to);
	nfa_bits_remove(&far, state);
	return far;
}

static bool
covers(const struct nfa_bits *all, const struct nfa_bits *some)
{
	for (size_t w = 0; w < NFA_WORDS_MAX; w++)
		if ((some->words[w] & ~all->words[w]) != 0)
			return false;
	return true;
}

/* Write down one jump; neighbours that lead to the same share words. */
static enum err
add_jump(struct compiling *c, size_t state, const struct nfa_bits *far,
    const struct nfa_jump *after, const struct nfa_bits *far_after)
{
	struct nfa_jump *j = &c->jumps[state];
	size_t first = nfa_bits_from(far, 0) / 64, end = NFA_WORDS_MAX;
	bool covered = after != NULL && covers(far, far_after);

	if (covered && covers(far_after, far)) {
		*j = *after;
		return ERR_OK;
	}
	while (far->words[end - 1] == 0)
		end--;
	*j = (struct nfa_jump){ .bits = far->words[first],
		.first = (uint16_t)first,
		.more = (uint16_t)(end - first - 1),
		.at = (uint16_t)c->far_n,
		.until = covered ? after->until : (uint16_t)state };
	if (j->more > c->far_max - c->far_n)
		return ERR_LIMIT;
	memcpy(c->far_words + c->far_n, far->words + first + 1,
	    j->more * sizeof(uint64_t));
	c->far_n += j->more;
	return ERR_OK;
}

/* From the back, since what the next one covers is covered, too. */
static enum err
find_jumps(struct compiling *c)
{
	const struct nfa_jump *after = NULL;
	struct nfa_bits far_after = { { 0 } };
	enum err e = ERR_OK;

	c->jumps_n = c->far_n = 0;
	for (size_t i = c->plan->states; i-- > 0 && e == ERR_OK;) {
		struct nfa_bits far = far_of(c, i);

		c->jumps[i] = (struct nfa_jump){ 0 };
		if (nfa_bits_from(&far, 0) == NFA_STATES_MAX)
			continue;
		e = add_jump(c, i, &far, after, &far_after);
		after = &c->jumps[i];
		far_after = far;
		c->jumps_n++;
	}
	return e;
}

/* The worst cost of a byte: one jump is followed in each row of those that
 * cover each other. */
static size_t
work(const struct compiling *c)
{
	size_t i, row = 0, sum = c->words * (c->near + 1);

	for (i = 0; i < c->plan->states; i++) {
		const struct nfa_jump *j = &c->jumps[i];

		if (j->bits == 0 || i < row)
			continue;
		sum += NFA_JUMP_WORK + j->more;
		row = j->until + 1u;
	}
	return sum;
}

/* The distance up to which moving all states alike is worth it. */
static enum err
choose_near(struct compiling *c)
{
	size_t best = 0, best_work = NFA_WORK_MAX + 1, now;
	enum err e;

	for (c->near = NFA_NEAR_MIN; c->near <= NFA_NEAR_MAX; c->near++) {
		if ((e = find_jumps(c)) == ERR_OK &&
		    (now = work(c)) < best_work) {
			best = c->near;
			best_work = now;
		}
		if (c->jumps_n == 0)
			break;
	}
	c->near = best;
	return best == 0 ? ERR_LIMIT : find_jumps(c);
}

static void
fill_moves(const struct compiling *c, uint64_t *moves)
{
	const struct nfa_plan *p = c->plan;
	size_t i, d;

	for (i = 0; i < p->states; i++) {
		uint64_t *word = moves + i / 64 * (c->near + 2);
		uint64_t bit = UINT64_C(1) << i % 64;

		for (d = 0; d <= c->near && i + d < p->states; d++)
			if (nfa_bits_has(&p->follow[i], i + d))
				word[d] |= bit;
		if (c->jumps[i].bits != 0)
			word[c->near + 1] |= bit;
	}
}

static void
fill_takers(const struct compiling *c, uint64_t *takers)
{
	const struct nfa_plan *p = c->plan;

	for (size_t k = 0; k < c->kinds; k++)
		for (size_t i = 0; i + 1 < p->states; i++)
			if (nfa_set_has(&p->sets[p->set_of[i]], c->sample[k]))
				takers[k * c->words + i / 64] |= UINT64_C(1)
								 << i % 64;
}

static void
fill(struct nfa *n, const struct compiling *c)
{
	uint64_t *moves = (uint64_t *)(void *)(n + 1);
	uint64_t *start = moves + c->words * (c->near + 2);
	uint64_t *takers = start + c->words;
	uint64_t *far = takers + c->kinds * c->words;
	struct nfa_jump *jumps = (struct nfa_jump *)(void *)(far + c->far_n);

	n->states = (uint16_t)c->plan->states;
	n->words = (uint16_t)c->words;
	n->kinds = (uint16_t)c->kinds;
	n->near = (uint16_t)c->near;
	n->work = (uint16_t)work(c);
	memcpy(n->kind_of, c->kind_of, sizeof(n->kind_of));
	memcpy(start, c->plan->start.words, c->words * sizeof(*start));
	fill_moves(c, moves);
	fill_takers(c, takers);
	memcpy(far, c->far_words, c->far_n * sizeof(*far));
	if (c->jumps_n > 0)
		memcpy(jumps, c->jumps, c->plan->states * sizeof(*jumps));
	n->moves = moves;
	n->start = start;
	n->takers = takers;
	n->far_words = far;
	n->jumps = c->jumps_n > 0 ? jumps : NULL;
}

static size_t
bytes_of(const struct compiling *c)
{
	return sizeof(struct nfa) +
	       (c->words * (c->near + 2 + 1 + c->kinds) + c->far_n) *
		   sizeof(uint64_t) +
	       (c->jumps_n > 0 ? c->plan->states * sizeof(struct nfa_jump) : 0);
}

static enum err
compile(struct nfa **out, struct compiling *c)
{
	struct nfa *n;
	enum err e;

	find_kinds(c);
	if ((e = choose_near(c)) != ERR_OK)
		return e;
	if (bytes_of(c) > NFA_BYTES_MAX)
		return ERR_LIMIT;
	if ((n = mem_calloc(1, bytes_of(c))) == NULL)
		return ERR_NOMEM;
	n->bytes = bytes_of(c);
	fill(n, c);
	*out = n;
	return ERR_OK;
}

enum err
nfa_compile(struct nfa **out, const struct nfa_plan *plan)
{
	struct compiling c = { .plan = plan,
		.words = (plan->states + 63) / 64 };
	enum err e = ERR_NOMEM;

	c.far_max = plan->states * c.words;
	if (c.far_max > NFA_BYTES_MAX / sizeof(uint64_t))
		c.far_max = NFA_BYTES_MAX / sizeof(uint64_t);
	c.jumps = mem_calloc(plan->states, sizeof(*c.jumps));
	c.far_words = mem_calloc(c.far_max, sizeof(*c.far_words));
	if (c.jumps != NULL && c.far_words != NULL)
		e = compile(out, &c);
	mem_free(c.jumps);
	mem_free(c.far_words);
	return e;
}
