/* SPDX-License-Identifier: MIT */
/* matcher.h - decides whether a topic is one a subscriber asked for. */
#ifndef MATCHER_H
#define MATCHER_H

#include <stdbool.h>

#include "err.h"
#include "slice.h"

struct matcher; /* immutable once made; any thread may read */

/* URI Templates (0.x) and URL Patterns (1.0) become kinds of their own. */
enum matcher_kind { MATCHER_ANY, MATCHER_EXACT };

/*
 * Compile `text` (copied) as `kind`.  The caller owns one reference.  On
 * failure *out is untouched.  ERR_NOMEM.
 */
enum err matcher_new(
    struct matcher **out, enum matcher_kind kind, struct slice text);

/* A 0.x topic selector: "*" is MATCHER_ANY, all else MATCHER_EXACT. */
enum err matcher_from_selector(struct matcher **out, struct slice selector);

enum matcher_kind matcher_kind(const struct matcher *m);
struct slice matcher_text(const struct matcher *m);

/* Time is linear in the topic's length; cannot fail. */
bool matcher_matches(const struct matcher *m, struct slice topic);

struct matcher *matcher_ref(struct matcher *m); /* atomic count */
void matcher_unref(struct matcher *m);          /* NULL is allowed */

/* The matchers of one subscriber, or of one right of a token. */
struct matcher_list {
	struct matcher **v;
	size_t n;
};

/* Takes over the caller's reference to `m`, on success only.  ERR_NOMEM. */
enum err matcher_list_add(struct matcher_list *l, struct matcher *m);

/* Does any matcher match any topic of the list (topic.h) / every topic? */
bool matcher_list_any(const struct matcher_list *l, struct slice topics);
bool matcher_list_every(const struct matcher_list *l, struct slice topics);

void matcher_list_free(struct matcher_list *l);

#endif
