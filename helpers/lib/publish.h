/* SPDX-License-Identifier: MIT */
/* publish.h - updates of an application, on their way to the hub. */
#ifndef LIB_PUBLISH_H
#define LIB_PUBLISH_H

#include "lib/handle.h"

/*
 * Publish as pushcgi_publish_all() does, with *at always set.  The caller frees
 * the ids with mem_free().  ERR_SYNTAX, ERR_LIMIT: an update is malformed or
 * too long.  Else as queue_append() or remote_publish().
 */
enum err handle_publish(struct pushcgi *h, char **ids,
    const struct pushcgi_update *updates, size_t n, size_t *at,
    struct problem *p);

#endif
