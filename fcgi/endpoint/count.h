/* SPDX-License-Identifier: MIT */
/* count.h - who may read the number of viewers of a topic, and its page. */
#ifndef ENDPOINT_COUNT_H
#define ENDPOINT_COUNT_H

#include "endpoint/endpoint.h"

/* Add the topic whose number is at this path (COUNT_PATH) to `topic` (empty).
 * False: the answer says why there is none; a path that names no topic is
 * answered with `status`. */
bool count_find_topic(struct buf *topic, struct answer *a, struct slice path,
    int status, const struct settings *s);

/* GET or HEAD of a path below COUNT_PATH: the number as JSON, for everybody who
 * may subscribe. */
endpoint_fn count_handle;

#endif
