/* SPDX-License-Identifier: MIT */
/* topic.h - what may be a topic. */
#ifndef MATCH_TOPIC_H
#define MATCH_TOPIC_H

#include "base/err.h"
#include "base/slice.h"

/*
 * May a publisher use `topic`?  ERR_SYNTAX: empty, not UTF-8, or control
 * characters.  ERR_LIMIT: longer than `length_max` bytes.  ERR_DENIED:
 * reserved for the hub: "*", or a topic at or below /.well-known/mercure,
 * on any host and however spelled, once it is resolved against the hub's URL
 * (drafts 7 and 8, "Active Subscriptions").  ERR_NOMEM.
 */
enum err topic_check(struct slice topic, size_t length_max, struct problem *p);

/* The same for what a subscriber or a token asks for: "*" and the hub's own
 * topics are allowed. */
enum err topic_check_selector(
    struct slice selector, size_t length_max, struct problem *p);

#endif
