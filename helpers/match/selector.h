/* SPDX-License-Identifier: MIT */
/* selector.h - a selector's kind and text, and lists of them as text. */
#ifndef MATCH_SELECTOR_H
#define MATCH_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * How the text of a selector is to be read.  Protocol 0.x has one kind; 1.0
 * names the kind beside each text.  The numbers are stored in the database, so
 * they never change; 10 is not used (see below), and 31 is the last.
 */
enum selector_kind {
	SELECTOR_TOPIC = 0, /* 0.x: "*", a URI Template, or else a topic */
	SELECTOR_EXACT = 1, /* one topic, whatever characters it has */
	SELECTOR_KINDS
};

struct selector {
	enum selector_kind kind;
	struct slice text; /* as it was sent; borrowed */
};

static inline struct selector
selector_topic(struct slice text)
{
	return (struct selector){ SELECTOR_TOPIC, text };
}

bool selector_eq(struct selector a, struct selector b);

/*
 * A list of selectors is one text with a line feed between them.  A selector
 * of the kind SELECTOR_TOPIC is written as its text; one of any other kind has
 * a byte with the number of its kind in front.  Neither can be mistaken for
 * something else, since the texts hold no control characters
 * (topic_check_selector()).  An empty text is a list without selectors.
 *
 * A kind that is read may be none of enum selector_kind if the list comes from
 * a database of a newer program; matcher_new() refuses it.
 */

/* Cut the next selector off *rest.  False: there is none left. */
bool selector_list_next(struct slice *rest, struct selector *s);

/* Add a selector to the list in `out`. */
void selector_list_add(struct buf *out, struct selector s);

bool selector_list_has(struct slice list, struct selector s);

/* Sort `v`, and add each of its selectors once: equal sets become equal
 * lists. */
void selector_list_add_set(struct buf *out, struct selector *v, size_t n);

/* Add to `out` (empty) the selectors of both lists, each once.  Returns their
 * number. */
size_t selector_list_join(
    struct buf *out, struct slice list, struct slice more);

/* Add to `out` (empty) the selectors of `list` that are not in `less`, each
 * once.  Returns their number. */
size_t selector_list_without(
    struct buf *out, struct slice list, struct slice less);

#endif
