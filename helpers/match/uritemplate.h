/* SPDX-License-Identifier: MIT */
/* uritemplate.h - can a URI Template expand to a topic (RFC 6570)? */
#ifndef MATCH_URITEMPLATE_H
#define MATCH_URITEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

#define URITEMPLATE_LENGTH_MAX 4096   /* bytes */
#define URITEMPLATE_VARIABLES_MAX 100 /* more: it is not a template */

struct nfa;
struct nfa_cache;
struct uritemplate; /* immutable once made; any thread may read */

/*
 * Compile a template of RFC 6570, all four levels, that has an expression.
 * ERR_SYNTAX: `text` is none, or has more variables.  ERR_LIMIT, with a
 * sentence for whoever wrote it: it is longer, or exceeds
 * one of the automaton's limits (nfa.h).  ERR_NOMEM.
 */
enum err uritemplate_new(
    struct uritemplate **out, struct slice text, struct problem *p);

/*
 * Is there a value for each variable with which the whole of `text` is what
 * the template expands to?  As the hub in the field has it: an expression may
 * always expand to nothing, prefix lengths count for nothing, and names that
 * ";", "?" and "&" put before values may be any.  Time is
 * linear in the length of `text`; *steps (NULL is allowed) grows by the work.
 */
bool uritemplate_matches(const struct uritemplate *t, struct nfa_cache *cache,
    struct slice text, size_t *steps);

/* The literal that all it expands to, and its own text, begin with. */
struct slice uritemplate_head(const struct uritemplate *t);

/* The automaton that a cache (nfa.h) is made for. */
const struct nfa *uritemplate_nfa(const struct uritemplate *t);

void uritemplate_free(struct uritemplate *t); /* NULL is allowed */

#endif
