/* SPDX-License-Identifier: MIT */
/* nfa_set.h - a set of bytes, as one state of an automaton may take them. */
#ifndef MATCH_NFA_SET_H
#define MATCH_NFA_SET_H

#include <stdbool.h>
#include <stdint.h>

struct nfa_set {
	uint64_t words[4];
};

static inline bool
nfa_set_has(const struct nfa_set *s, unsigned char c)
{
	return (s->words[c / 64] >> c % 64 & 1) != 0;
}

static inline void
nfa_set_add(struct nfa_set *s, unsigned char c)
{
	s->words[c / 64] |= UINT64_C(1) << c % 64;
}

/* Both ends included. */
static inline void
nfa_set_range(struct nfa_set *s, unsigned char from, unsigned char to)
{
	for (unsigned c = from; c <= to; c++)
		nfa_set_add(s, (unsigned char)c);
}

static inline void
nfa_set_text(struct nfa_set *s, const char *text)
{
	for (; *text != '\0'; text++)
		nfa_set_add(s, (unsigned char)*text);
}

#endif
