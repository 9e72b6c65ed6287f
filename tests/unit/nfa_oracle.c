/* SPDX-License-Identifier: MIT */
/* nfa_oracle.c - says by trying everything what an expression matches. */
#include "unit/nfa_oracle.h"

#include <stdint.h>
#include <string.h>

static size_t
choose(struct oracle *o, size_t n)
{
	return o->choose(o->arg, n);
}

static const struct oracle_node *
invent_leaf(struct oracle *o, struct oracle_node *n)
{
	size_t i;

	if (choose(o, 3) == 0) {
		n->kind = ORACLE_TEXT;
		n->len = choose(o, sizeof(n->text) + 1);
		for (i = 0; i < n->len; i++)
			n->text[i] = (char)('a' + choose(o, 3));
		return n;
	}
	n->kind = ORACLE_SET;
	for (i = 0; i < 3; i++)
		if (choose(o, 2) == 0)
			nfa_set_add(&n->set, (unsigned char)('a' + i));
	return n;
}

static const struct oracle_node *
invent(struct oracle *o, int depth)
{
	static const struct {
		size_t min, max;
	} repeats[] = { { 0, 1 }, { 0, NFA_UNBOUNDED }, { 1, NFA_UNBOUNDED },
		{ 0, 3 }, { 2, 3 }, { 2, NFA_UNBOUNDED }, { 0, 0 }, { 2, 2 } };
	struct oracle_node *n = &o->nodes[o->n++];
	size_t what = choose(o, 8), repeat;

	*n = (struct oracle_node){ .kind = ORACLE_TEXT };
	if (depth == 0 || o->n + 2 > ORACLE_NODES_MAX || what == 0)
		return invent_leaf(o, n);
	n->a = invent(o, depth - 1);
	n->kind = what < 4   ? ORACLE_JOIN
		  : what < 6 ? ORACLE_EITHER
			     : ORACLE_REPEAT;
	if (n->kind == ORACLE_REPEAT || o->n == ORACLE_NODES_MAX) {
		n->kind = ORACLE_REPEAT;
		repeat = choose(o, sizeof(repeats) / sizeof(repeats[0]));
		n->min = repeats[repeat].min;
		n->max = repeats[repeat].max;
	} else {
		n->b = invent(o, depth - 1);
	}
	return n;
}

void
oracle_invent(struct oracle *o, int depth)
{
	o->n = 0;
	o->root = invent(o, depth);
}

static void
build(const struct oracle_node *n, struct nfa_build *b)
{
	if (n->a != NULL)
		build(n->a, b);
	if (n->b != NULL)
		build(n->b, b);
	switch (n->kind) {
	case ORACLE_SET:
		nfa_build_set(b, &n->set);
		break;
	case ORACLE_TEXT:
		nfa_build_text(b, (struct slice){ n->text, n->len });
		break;
	case ORACLE_JOIN:
		nfa_build_join(b);
		break;
	case ORACLE_EITHER:
		nfa_build_either(b);
		break;
	case ORACLE_REPEAT:
		nfa_build_repeat(b, n->min, n->max);
		break;
	}
}

void
oracle_build(const struct oracle *o, struct nfa_build *b)
{
	build(o->root, b);
}

/* Where matches of `n` that begin at one of the places `from` may end; a set
 * of places is a word, place i its bit i. */
static uint64_t
ends(const struct oracle_node *n, uint64_t from, struct slice text)
{
	uint64_t to = 0, reached;
	size_t i;

	switch (n->kind) {
	case ORACLE_SET:
		for (i = 0; i < text.len; i++)
			if ((from >> i & 1) != 0 &&
			    nfa_set_has(&n->set, (unsigned char)text.base[i]))
				to |= UINT64_C(1) << (i + 1);
		return to;
	case ORACLE_TEXT:
		for (i = 0; i + n->len <= text.len; i++)
			if ((from >> i & 1) != 0 &&
			    memcmp(text.base + i, n->text, n->len) == 0)
				to |= UINT64_C(1) << (i + n->len);
		return to;
	case ORACLE_JOIN:
		return ends(n->b, ends(n->a, from, text), text);
	case ORACLE_EITHER:
		return ends(n->a, from, text) | ends(n->b, from, text);
	case ORACLE_REPEAT:
		break;
	}
	reached = from;
	for (i = 0; i < n->min; i++)
		reached = ends(n->a, reached, text);
	/* Places that were there before lead nowhere new. */
	for (to = reached; i < n->max && reached != 0; i++) {
		reached = ends(n->a, reached, text) & ~to;
		to |= reached;
	}
	return to;
}

bool
oracle_matches(const struct oracle *o, struct slice text)
{
	return (ends(o->root, 1, text) >> text.len & 1) != 0;
}
