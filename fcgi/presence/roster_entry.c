/* SPDX-License-Identifier: MIT */
/* roster_entry.c - where an entry of the roster waits, and when it goes. */
#include "presence/roster_entry.h"

#include "base/clock.h"
#include "base/mem.h"

struct roster_bucket *
roster_entry_bucket(struct roster *r, const struct presence *p)
{
	return &r->tokens[(p->has_token ? p->token[0] : p->key) %
			  ROSTER_BUCKETS];
}

void
roster_entry_set_due(struct roster_entry *e)
{
	const struct presence *p = e->presence;

	roster_link_wait(
	    &e->waits, presence_wait_ms(p, clock_real_ms()), p->delay_ms);
}

bool
roster_entry_is_young(const struct roster_entry *e)
{
	return presence_is_stranger(e->presence) &&
	       e->written == PRESENCE_GONE && clock_mono_ms() < e->waits.due_ms;
}

/* Where it is to wait. */
static enum roster_list
list_of(const struct roster_entry *e)
{
	if (e->wanted == e->written || e->taken)
		return ROSTER_NONE;
	if (!presence_is_stranger(e->presence))
		return ROSTER_MEMBERS;
	if (e->wanted == PRESENCE_GONE)
		return ROSTER_LEAVING;
	return roster_entry_is_young(e) ? e->waits.young : ROSTER_STRANGERS;
}

void
roster_entry_set_away(struct roster_entry *e, bool away)
{
	if (away && !e->away)
		e->roster->away++;
	else if (!away && e->away)
		e->roster->away--;
	e->away = away;
}

void
roster_entry_set_extends(struct roster_entry *e, bool extends)
{
	if (extends && !e->extends)
		TAILQ_INSERT_TAIL(&e->roster->extensions, e, extensions);
	else if (!extends && e->extends)
		TAILQ_REMOVE(&e->roster->extensions, e, extensions);
	e->extends = extends;
}

void
roster_entry_drop(struct roster_entry *e)
{
	struct roster *r = e->roster;

	roster_lists_put(&e->roster->lists, &e->waits, ROSTER_NONE);
	roster_entry_set_away(e, false);
	roster_entry_set_extends(e, false);
	TAILQ_REMOVE(&r->all, e, links);
	LIST_REMOVE(e, same_token);
	crowd_leave(&e->place);
	presence_free(e->presence);
	mem_free(e);
}

bool
roster_entry_arrange(struct roster_entry *e)
{
	struct roster *r = e->roster;
	const enum roster_list list = list_of(e);
	bool first;

	if (list == ROSTER_NONE && !e->taken && e->stage == ROSTER_LEFT) {
		roster_entry_drop(e);
		return false;
	}
	first = roster_lists_put(&r->lists, &e->waits, list);
	if (list != ROSTER_MEMBERS)
		return first;
	if (e->wanted == PRESENCE_AWAY)
		r->hurries = true;
	return first || r->hurries;
}
