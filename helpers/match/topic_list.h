/* SPDX-License-Identifier: MIT */
/* topic_list.h - the topics of an update as one text. */
#ifndef MATCH_TOPIC_LIST_H
#define MATCH_TOPIC_LIST_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * A list of topics is one text with a line feed between them: a topic holds no
 * control characters, so nothing has to be escaped, and the same bytes are the
 * database's column.  An update has at least one topic; the first one is its
 * canonical topic.  Lists of selectors are in selector.h.
 */

/* Cut the next topic off *rest.  False: there is none left (base NULL). */
bool topic_list_next(struct slice *rest, struct slice *topic);

/* Add a topic, which was checked (topic.h), to the list in `out`. */
void topic_list_add(struct buf *out, struct slice topic);

#endif
