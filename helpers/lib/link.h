/* SPDX-License-Identifier: MIT */
/* link.h - the addresses that pages and browsers need. */
#ifndef LIB_LINK_H
#define LIB_LINK_H

#include "lib/handle.h"

/* Add the URL of an EventSource for these selectors; `last_id` has base NULL
 * if it begins now.  ERR_SYNTAX, ERR_LIMIT: an id or a selector. */
enum err handle_url(struct pushcgi *h, struct buf *out,
    const struct slice *selectors, size_t n, struct slice last_id,
    struct problem *p);

/* Add the value of a Link header that names the hub.  ERR_SYNTAX: the id. */
enum err handle_link(struct pushcgi *h, struct buf *out, struct slice last_id,
    struct problem *p);

/* Add the id of the queue's end.  ERR_UNSUPPORTED: the hub is remote.  Else as
 * queue_open() and queue_end(). */
enum err handle_last_event_id(
    struct pushcgi *h, struct buf *out, struct problem *p);

#endif
