/* SPDX-License-Identifier: MIT */
/* topic_list.c - joins topics with line feeds and takes them apart. */
#include "match/topic_list.h"

bool
topic_list_next(struct slice *rest, struct slice *topic)
{
	return slice_cut(rest, '\n', topic);
}

void
topic_list_add(struct buf *out, struct slice topic)
{
	if (out->len > 0)
		buf_byte(out, '\n');
	buf_slice(out, topic);
}
