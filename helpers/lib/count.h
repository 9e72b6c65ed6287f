/* SPDX-License-Identifier: MIT */
/* count.h - counts the viewers of topics, here or at a remote hub. */
#ifndef LIB_COUNT_H
#define LIB_COUNT_H

#include "lib/handle.h"

/*
 * How many streams have `topic` open.  ERR_UNSUPPORTED: MERCURE_COUNTS does not
 * list the topic, so it is not counted.  ERR_SYNTAX, ERR_LIMIT: it is not a
 * topic.  Other errors as of queue_crowd_open() and remote_send().
 */
enum err handle_count(
    struct pushcgi *h, uint64_t *n, struct slice topic, struct problem *p);

#endif
