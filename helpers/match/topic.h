/* SPDX-License-Identifier: MIT */
/* topic.h - what may be a topic, and lists of topics. */
#ifndef MATCH_TOPIC_H
#define MATCH_TOPIC_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * A list of topics is one slice with '\n' between them: a topic holds no
 * control characters, so nothing has to be escaped, and the same bytes are
 * the database's column.  topic_next() walks it.
 */
static inline bool
topic_next(struct slice *rest, struct slice *topic)
{
	return slice_cut(rest, '\n', topic);
}

/*
 * May a publisher use `topic`?  ERR_SYNTAX: empty, not UTF-8, or control
 * characters.  ERR_LIMIT: longer than `length_max` bytes.  ERR_DENIED:
 * reserved for the hub: "*", or a topic at or below /.well-known/mercure,
 * on any host and however spelled, once it is resolved against the hub's URL
 * (drafts 7 and 8, "Active Subscriptions").  ERR_NOMEM.
 */
enum err topic_check(struct slice topic, size_t length_max, struct problem *f);

/* The same for what a subscriber or a token asks for: "*" and the hub's own
 * topics are allowed. */
enum err topic_check_selector(
    struct slice selector, size_t length_max, struct problem *f);

#endif
