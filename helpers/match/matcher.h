/* SPDX-License-Identifier: MIT */
/* matcher.h - decides whether a topic is one a subscriber asked for. */
#ifndef MATCH_MATCHER_H
#define MATCH_MATCHER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "match/selector.h"

struct nfa;
struct nfa_cache;
struct matcher; /* immutable once made; any thread may read */

/* How topics are compared.  MATCHER_TEMPLATE: by a URI Template, which matches
 * its own text, too.  URL Patterns (1.0) become a kind of their own. */
enum matcher_kind { MATCHER_ANY, MATCHER_EXACT, MATCHER_TEMPLATE };

/*
 * Compile a selector, whose text is copied.  The caller owns one reference.  On
 * failure *out is untouched.  ERR_SYNTAX, with a sentence: the text is not
 * valid for its kind, or the kind is not known.  ERR_LIMIT, with a sentence:
 * it is too long or too complex.  ERR_NOMEM.
 *
 * SELECTOR_TOPIC is never a syntax error: "*" becomes MATCHER_ANY, a URI
 * Template with an expression MATCHER_TEMPLATE, all else MATCHER_EXACT.
 */
enum err matcher_new(
    struct matcher **out, struct selector s, struct problem *p);

/* The selector that it was made of; lives as long as the matcher. */
struct selector matcher_selector(const struct matcher *m);

enum matcher_kind matcher_kind(const struct matcher *m);
struct slice matcher_text(const struct matcher *m);

/* The common beginning of all topics that it matches. */
struct slice matcher_head(const struct matcher *m);

/* Time is linear in the topic's length; cannot fail. */
bool matcher_matches(const struct matcher *m, struct slice topic);

/*
 * The same for a thread that asks often and keeps a cache (nfa.h, or NULL) of
 * the answers.  *steps grows by the work done: a step takes about a
 * nanosecond.  The automaton is NULL where none is used.
 */
bool matcher_matches_cached(const struct matcher *m, struct nfa_cache *cache,
    struct slice topic, size_t *steps);
const struct nfa *matcher_nfa(const struct matcher *m);

/*
 * How many steps a byte of a topic costs at worst, or how many KiB of memory
 * the pattern takes, whichever is more: 1 to MATCHER_WEIGHT_MAX.  0: it is
 * not a pattern, and costs a comparison.
 */
#define MATCHER_WEIGHT_MAX 64
size_t matcher_weight(const struct matcher *m);

struct matcher *matcher_ref(struct matcher *m); /* atomic count */
void matcher_unref(struct matcher *m);          /* NULL is allowed */

/* The matchers of one subscriber, or of one right of a token. */
struct matcher_list {
	struct matcher **v;
	size_t n;
};

/* Takes over the caller's reference to `m`, on success only.  ERR_NOMEM. */
enum err matcher_list_add(struct matcher_list *l, struct matcher *m);

/* Does any matcher match any topic of the list (topic_list.h)?  *steps as
 * above; NULL is allowed. */
bool matcher_list_any(
    const struct matcher_list *l, struct slice topics, size_t *steps);

/* Is every topic of the list matched by some matcher? */
bool matcher_list_every(const struct matcher_list *l, struct slice topics);

void matcher_list_free(struct matcher_list *l);

#endif
