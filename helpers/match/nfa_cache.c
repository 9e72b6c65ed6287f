/* SPDX-License-Identifier: MIT */
/* nfa_cache.c - remembers which sets of states lead where. */
#include <string.h>

#include "base/mem.h"
#include "match/nfa_internal.h"

static size_t
set_bytes(const struct nfa *n)
{
	return n->words * sizeof(uint64_t);
}

static size_t
cache_bytes(const struct nfa *n)
{
	return sizeof(struct nfa_cache) +
	       NFA_CACHE_STATES * (set_bytes(n) + n->kinds);
}

size_t
nfa_cache_bytes(const struct nfa *n)
{
	return n->words == 1 ? 0 : cache_bytes(n);
}

/* Back to the start alone. */
static void
clear(struct nfa_cache *c)
{
	const struct nfa *n = c->nfa;

	memset(c->leads, NFA_CACHE_UNKNOWN, NFA_CACHE_STATES * n->kinds);
	memcpy(c->sets, n->start, set_bytes(n));
	c->n = 1;
}

struct nfa_cache *
nfa_cache_new(const struct nfa *n)
{
	struct nfa_cache *c = mem_calloc(1, cache_bytes(n));

	if (c == NULL)
		return NULL;
	c->nfa = n;
	c->sets = (uint64_t *)(void *)(c + 1);
	c->leads = (uint8_t *)(c->sets + NFA_CACHE_STATES * n->words);
	clear(c);
	return c;
}

void
nfa_cache_free(struct nfa_cache *c)
{
	mem_free(c);
}

/* Where `set` is; c->n if it is not there. */
static uint8_t
find(const struct nfa_cache *c, const uint64_t *set, size_t *steps)
{
	uint8_t i;

	for (i = 0; i < c->n; i++)
		if (memcmp(c->sets + (size_t)i * c->nfa->words, set,
			set_bytes(c->nfa)) == 0)
			break;
	*steps += (size_t)i * c->nfa->words;
	return i;
}

bool
nfa_cache_learn(struct nfa_run *r, uint8_t kind)
{
	struct nfa_cache *c = r->cache;
	const struct nfa *n = r->nfa;
	size_t from = r->state;
	uint64_t next[NFA_WORDS_MAX];
	uint8_t to;

	if (!nfa_move(n, c->sets + from * n->words, kind, next, &r->steps)) {
		c->leads[from * n->kinds + kind] = NFA_CACHE_DEAD;
		r->state = NFA_CACHE_DEAD;
		return false;
	}
	to = find(c, next, &r->steps);
	if (to == NFA_CACHE_STATES && r->cleared) {
		memcpy(r->now, next, set_bytes(n));
		r->cache = NULL;
		return true;
	}
	if (to == NFA_CACHE_STATES) {
		r->cleared = true;
		clear(c);
		to = find(c, next, &r->steps);
	} else {
		c->leads[from * n->kinds + kind] = to;
	}
	if (to == c->n) {
		memcpy(c->sets + (size_t)to * n->words, next, set_bytes(n));
		c->n++;
	}
	r->state = to;
	return true;
}
