/* SPDX-License-Identifier: MIT */
/* nfa.c - runs an automaton over texts, with or without its cache. */
#include "match/nfa.h"

#include "base/mem.h"
#include "match/nfa_internal.h"

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

size_t
nfa_work(const struct nfa *n)
{
	return n->work;
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
