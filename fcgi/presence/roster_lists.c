/* SPDX-License-Identifier: MIT */
/* roster_lists.c - the order in which roster entries are written. */
#include "presence/roster_lists.h"

#include <stddef.h>

#include "base/clock.h"

void
roster_lists_init(struct roster_lists *l)
{
	for (size_t i = 0; i < ROSTER_LISTS; i++)
		TAILQ_INIT(&l->v[i]);
}

bool
roster_lists_put(
    struct roster_lists *l, struct roster_link *link, enum roster_list list)
{
	bool first;

	if (link->list == list)
		return TAILQ_FIRST(&l->v[list]) == link;
	if (link->list != ROSTER_NONE)
		TAILQ_REMOVE(&l->v[link->list], link, links);
	link->list = list;
	if (list == ROSTER_NONE)
		return false;
	first = TAILQ_EMPTY(&l->v[list]);
	TAILQ_INSERT_TAIL(&l->v[list], link, links);
	return first;
}

struct roster_link *
roster_lists_first(const struct roster_lists *l, enum roster_list list)
{
	return TAILQ_FIRST(&l->v[list]);
}

void
roster_link_wait(struct roster_link *link, uint32_t wait_ms, uint32_t delay_ms)
{
	const uint32_t part_ms = (delay_ms + ROSTER_PARTS - 1) / ROSTER_PARTS;
	const uint32_t parts = wait_ms > 0 ? (wait_ms - 1) / part_ms + 1 : 0;

	link->due_ms = clock_mono_ms() + parts * part_ms;
	link->young = ROSTER_YOUNG + (parts > 0 ? parts - 1 : 0);
}

void
roster_lists_ripen(struct roster_lists *l)
{
	const int64_t now = clock_mono_ms();
	struct roster_link *link;

	for (size_t i = ROSTER_YOUNG; i < ROSTER_LISTS; i++)
		while ((link = TAILQ_FIRST(&l->v[i])) != NULL &&
		       link->due_ms <= now)
			roster_lists_put(l, link, ROSTER_STRANGERS);
}

int64_t
roster_lists_due_ms(const struct roster_lists *l)
{
	const struct roster_link *link;
	int64_t due_ms = INT64_MAX;

	if (!TAILQ_EMPTY(&l->v[ROSTER_LEAVING]) ||
	    !TAILQ_EMPTY(&l->v[ROSTER_STRANGERS]))
		return 0;
	for (size_t i = ROSTER_YOUNG; i < ROSTER_LISTS; i++)
		if ((link = TAILQ_FIRST(&l->v[i])) != NULL &&
		    link->due_ms < due_ms)
			due_ms = link->due_ms;
	return due_ms;
}
