/* SPDX-License-Identifier: MIT */
/* roster_changes.c - gives the roster's changes to the publish thread. */
#include "base/clock.h"
#include "base/container.h"
#include "presence/roster_entry.h"

bool
roster_take_rules(struct roster *r, struct roster_rules *out)
{
	bool has;

	pthread_mutex_lock(&r->mutex);
	has = r->has_rules;
	r->has_rules = false;
	if (has)
		*out = r->rules;
	pthread_mutex_unlock(&r->mutex);
	return has;
}

size_t
roster_take_extensions(struct roster *r, uint8_t (*tokens)[GRANT_TOKEN_SIZE],
    size_t max, struct session_extension *how)
{
	struct roster_entry *e;
	size_t n = 0;

	pthread_mutex_lock(&r->mutex);
	*how = r->rules.extension;
	while (n < max && (e = TAILQ_FIRST(&r->extensions)) != NULL) {
		memcpy(tokens[n++], e->presence->token, GRANT_TOKEN_SIZE);
		roster_entry_set_extends(e, false);
	}
	pthread_mutex_unlock(&r->mutex);
	return n;
}

bool
roster_extends(struct roster *r)
{
	bool extends;

	pthread_mutex_lock(&r->mutex);
	extends = !TAILQ_EMPTY(&r->extensions);
	pthread_mutex_unlock(&r->mutex);
	return extends;
}

static void
copy_change(struct roster_change *out, struct roster_entry *e)
{
	roster_lists_put(&e->roster->lists, &e->waits, ROSTER_NONE);
	roster_entry_set_away(e, false);
	e->taken = true;
	out->entry = e;
	out->refused = false;
	out->change = (struct presence_change){ .to = e->wanted,
		.presence = e->presence,
		.until_ms = e->until_ms,
		.refused = &out->refused };
	/* It waited to be written for longer than it may stay away. */
	if (e->wanted == PRESENCE_AWAY && e->until_ms <= clock_real_ms())
		out->change.to = PRESENCE_GONE;
}

/* Changes that are taken, and what they cost. */
struct changes {
	struct roster_change *out;
	size_t n, max, cost;
};

static void
copy_from(
    struct roster *r, struct changes *t, enum roster_list list, size_t cost_max)
{
	struct roster_link *link;

	while (t->n < t->max && t->cost < cost_max &&
	       (link = roster_lists_first(&r->lists, list)) != NULL) {
		struct roster_entry *e =
		    CONTAINER(struct roster_entry, waits, link);

		t->cost += presence_cost(e->presence);
		copy_change(&t->out[t->n++], e);
	}
}

size_t
roster_take(
    struct roster *r, struct roster_change *out, size_t max, size_t room)
{
	struct changes t = { .out = out, .max = max };
	size_t cost_max = PRESENCE_COST_MAX;

	pthread_mutex_lock(&r->mutex);
	roster_lists_ripen(&r->lists);
	copy_from(r, &t, ROSTER_MEMBERS, cost_max);
	if (roster_lists_first(&r->lists, ROSTER_MEMBERS) == NULL)
		r->hurries = false;
	if (room < cost_max - (t.cost < cost_max ? t.cost : cost_max))
		cost_max = t.cost + room;
	copy_from(r, &t, ROSTER_LEAVING, cost_max);
	copy_from(r, &t, ROSTER_STRANGERS, cost_max);
	pthread_mutex_unlock(&r->mutex);
	return t.n;
}

/* A subscriber that is away and whose time is up, or whose right has ended, is
 * gone. */
static void
set_written(struct roster_entry *e, enum presence_state written)
{
	if (written == PRESENCE_GONE && e->wanted == PRESENCE_AWAY)
		e->wanted = PRESENCE_GONE;
	e->written = written;
}

/* Another process took its row up first: it becomes somebody new. */
static void
reidentify(struct roster_entry *e)
{
	LIST_REMOVE(e, same_token);
	presence_reidentify(e->presence);
	roster_entry_set_due(e);
	LIST_INSERT_HEAD(
	    roster_entry_bucket(e->roster, e->presence), e, same_token);
}

/* Another database knows nobody. */
static void
forget_rows(struct roster *r, uint64_t epoch)
{
	struct roster_entry *e, *next;

	for (e = TAILQ_FIRST(&r->all); e != NULL; e = next) {
		next = TAILQ_NEXT(e, links);
		e->written = PRESENCE_GONE;
		roster_entry_arrange(e);
	}
	r->epoch = epoch;
}

void
roster_made(struct roster *r, const struct roster_change *changes, size_t n,
    enum err result, uint64_t epoch)
{
	pthread_mutex_lock(&r->mutex);
	if (result == ERR_OK && r->epoch != epoch)
		forget_rows(r, epoch);
	for (size_t i = 0; i < n; i++) {
		struct roster_entry *e = changes[i].entry;

		e->taken = false;
		if (result == ERR_OK && changes[i].refused)
			reidentify(e);
		else if (result == ERR_OK)
			set_written(e, changes[i].change.to);
		roster_entry_arrange(e);
	}
	pthread_mutex_unlock(&r->mutex);
}

bool
roster_waits(struct roster *r)
{
	bool waits;

	pthread_mutex_lock(&r->mutex);
	waits = roster_lists_first(&r->lists, ROSTER_MEMBERS) != NULL;
	pthread_mutex_unlock(&r->mutex);
	return waits;
}

void
roster_look(struct roster *r)
{
	if (r->crowd != NULL)
		crowd_look(r->crowd);
}

bool
roster_hurries(struct roster *r)
{
	bool hurries;

	pthread_mutex_lock(&r->mutex);
	hurries = r->hurries;
	pthread_mutex_unlock(&r->mutex);
	return hurries;
}

int64_t
roster_strangers_ms(struct roster *r)
{
	int64_t due_ms;

	pthread_mutex_lock(&r->mutex);
	due_ms = roster_lists_due_ms(&r->lists);
	pthread_mutex_unlock(&r->mutex);
	return due_ms;
}
