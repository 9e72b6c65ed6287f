/* SPDX-License-Identifier: MIT */
/* nfa_oracle.h - random expressions, and a slow matcher for them. */
#ifndef NFA_ORACLE_H
#define NFA_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "match/nfa_build.h"

/* An expression as a tree. */
enum oracle_kind {
	ORACLE_SET,
	ORACLE_TEXT,
	ORACLE_JOIN,
	ORACLE_EITHER,
	ORACLE_REPEAT
};

struct oracle_node {
	enum oracle_kind kind;
	struct nfa_set set;
	char text[4];
	size_t len;
	size_t min, max;
	const struct oracle_node *a, *b;
};

#define ORACLE_NODES_MAX 64

struct oracle {
	struct oracle_node nodes[ORACLE_NODES_MAX];
	size_t n;
	const struct oracle_node *root;
	/* Where choices come from: 0 to n - 1. */
	size_t (*choose)(void *arg, size_t n);
	void *arg;
};

/* Invent an expression over "a", "b" and "c", at most `depth` deep. */
void oracle_invent(struct oracle *o, int depth);

/* Write it down for the automaton. */
void oracle_build(const struct oracle *o, struct nfa_build *b);

/* Match the whole of `text` (at most 63 bytes) by trying everything. */
bool oracle_matches(const struct oracle *o, struct slice text);

#endif
