/* SPDX-License-Identifier: MIT */
/* subscription.c - puts subscriptions into a collection. */
#include "mercure/subscription.h"

void
subscription_add(struct buf *out, const struct subscription_form *form,
    bool first, const struct subscription_view *v)
{
	if (!first)
		buf_byte(out, ',');
	form->write(out, v, slice_of(NULL));
}
