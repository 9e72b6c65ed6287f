/* SPDX-License-Identifier: MIT */
/* counts.h - the topics whose number of viewers everybody may read. */
#ifndef CONFIG_COUNTS_H
#define CONFIG_COUNTS_H

#include "base/err.h"
#include "match/matcher.h"

#define COUNTS_SELECTORS_MAX 100

/*
 * Compile the selectors of MERCURE_COUNTS (base NULL: none).  The caller frees
 * the list.  ERR_SYNTAX and ERR_LIMIT, with a sentence if there is one: a
 * selector is not valid, or they are more than COUNTS_SELECTORS_MAX.
 * ERR_NOMEM.
 */
enum err counts_read(
    struct matcher_list *out, struct slice value, struct problem *p);

/* Is `topic` counted? */
bool counts_have(const struct matcher_list *l, struct slice topic);

#endif
