/* SPDX-License-Identifier: MIT */
/* count.h - topics, events and documents of counts of viewers. */
#ifndef MERCURE_COUNT_H
#define MERCURE_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* An extension of ours: the number of streams that have a topic open is at
 * this path, a slash, and the topic percent-encoded. */
#define COUNT_PATH "/.well-known/mercure/counts"
#define COUNT_EVENT "pushcgi-count"

/* Is it at or below COUNT_PATH? */
bool count_is_path(struct slice text);

/*
 * Find the topic that such a path names, and decode it into `topic` (empty;
 * not longer than the path).  ERR_NOTFOUND, with a sentence: it names none.
 * ERR_NOMEM.
 */
enum err count_read_path(
    struct buf *topic, struct slice path, struct problem *p);

/* Add the path of a topic. */
void count_path(struct buf *out, struct slice topic);

/* Add `{"topic":…,"count":…}`. */
void count_document(struct buf *out, struct slice topic, uint64_t n);

/* Add the event with this document.  It has no id, so the browser keeps the
 * one that it has. */
void count_event(struct buf *out, struct slice topic, uint64_t n);

#endif
