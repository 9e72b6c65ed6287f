/* SPDX-License-Identifier: MIT */
/* nfa_build.h - writes down a regular expression and compiles it. */
#ifndef MATCH_NFA_BUILD_H
#define MATCH_NFA_BUILD_H

#include <stddef.h>

#include "match/nfa.h"
#include "match/nfa_set.h"

#define NFA_BUILD_DEPTH_MAX 64 /* expressions that wait to be combined */
#define NFA_BUILD_SETS_MAX 256 /* distinct sets of bytes */
#define NFA_UNBOUNDED SIZE_MAX /* a repeat's upper end */

/*
 * A stack of expressions.  Owner: one thread.  An expression is pushed, or
 * made of those on top.  The first failure sticks and everything after it
 * does nothing, so that only nfa_build_end() needs to be asked.  It is
 * ERR_LIMIT where one of the maxima here or in nfa.h is exceeded, ERR_SYNTAX
 * where something is missing on the stack, or ERR_NOMEM.
 */
struct nfa_build;

enum err nfa_build_new(struct nfa_build **out); /* ERR_NOMEM */

/* Push: one byte of a set; these bytes in turn (none: the empty text). */
void nfa_build_set(struct nfa_build *b, const struct nfa_set *set);
void nfa_build_text(struct nfa_build *b, struct slice text);

/* Replace the two on top: first the lower, then the upper; one of them. */
void nfa_build_join(struct nfa_build *b);
void nfa_build_either(struct nfa_build *b);

/* Replace the one on top by `min` to `max` (at least `min`) of it in a row. */
void nfa_build_repeat(struct nfa_build *b, size_t min, size_t max);

/* Compile the only expression there is, which uses it up. */
enum err nfa_build_end(struct nfa **out, struct nfa_build *b);

void nfa_build_free(struct nfa_build *b); /* NULL is allowed */

#endif
