/* SPDX-License-Identifier: MIT */
/* roster.c - counts the subscribers and queues what is to be written of them. */
#include "presence/roster.h"

#include <pthread.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "presence/roster_lists.h"
#include "queue/sqlite/sidecar.h"

#define BUCKETS 256

struct roster_entry {
	TAILQ_ENTRY(roster_entry) links; /* among all */
	struct roster_link waits;
	LIST_ENTRY(roster_entry) same_token; /* in a bucket */
	struct roster *roster;
	struct presence *presence;
	struct crowd_place place; /* where it is counted */
	int64_t until_ms;
	enum presence_state wanted, written;
	bool away; /* it is in `away` */
	bool taken;
	bool began;
	bool let_go; /* by its subscriber */
};

LIST_HEAD(roster_bucket, roster_entry);

struct roster {
	struct crowd *crowd;   /* NULL: streams are not counted */
	pthread_mutex_t mutex; /* guards all below */
	TAILQ_HEAD(, roster_entry) all;
	struct roster_lists lists;
	struct roster_bucket tokens[BUCKETS];
	size_t away;    /* left, may be back, never written */
	bool hurries;   /* see roster_hurries() */
	bool has_rules; /* that were not taken yet */
	struct roster_rules rules;
	uint64_t owner, epoch;
	void (*kick)(void *arg);
	void *arg;
};

/* Those without a token have to be somewhere as well. */
static struct roster_bucket *
token_bucket(struct roster *r, const struct presence *p)
{
	return &r->tokens[(p->has_token ? p->token[0] : p->key) % BUCKETS];
}

enum err
roster_new(struct roster **out)
{
	struct roster *r = mem_calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	if (getrandom(&r->owner, sizeof(r->owner), 0) !=
	    (ssize_t)sizeof(r->owner)) {
		mem_free(r);
		return ERR_IO;
	}
	r->owner = (r->owner >> (64 - SIDECAR_OWNER_BITS)) | 1;
	pthread_mutex_init(&r->mutex, NULL);
	TAILQ_INIT(&r->all);
	roster_lists_init(&r->lists);
	*out = r;
	return ERR_OK;
}

uint64_t
roster_owner(const struct roster *r)
{
	return r->owner;
}

enum err
roster_count_in(struct roster *r, const struct queue_settings *s)
{
	return crowd_new(&r->crowd, s);
}

void
roster_on_change(struct roster *r, void (*kick)(void *arg), void *arg)
{
	pthread_mutex_lock(&r->mutex);
	r->kick = kick;
	r->arg = arg;
	pthread_mutex_unlock(&r->mutex);
}

/* A position that was copied leads two to the same row. */
static bool
is_here(struct roster *r, const struct presence *p)
{
	struct roster_entry *e;

	LIST_FOREACH (e, token_bucket(r, p), same_token)
		if (e->presence->key == p->key)
			return true;
	return false;
}

static void
add(struct roster *r, struct roster_entry *e)
{
	const struct presence *p = e->presence;

	TAILQ_INSERT_TAIL(&r->all, e, links);
	LIST_INSERT_HEAD(token_bucket(r, p), e, same_token);
	if (p->goes_on)
		e->written = e->wanted = PRESENCE_AWAY;
}

static enum err
count(struct roster_entry *e, struct crowd *c, const struct roster_terms *terms,
    struct problem *p)
{
	return c == NULL ? ERR_OK
			 : crowd_enter(&e->place, c, &terms->keys,
			       terms->parked, &terms->limits, p);
}

/* A subscriber that leaves makes room at once, although its row is deleted
 * later. */
static void
uncount(struct roster_entry *e, enum presence_state to, int64_t until_ms)
{
	if (to == PRESENCE_AWAY)
		crowd_park(&e->place, e->presence->key, until_ms);
	else if (e->began)
		crowd_leave(&e->place);
	else
		crowd_give_back(&e->place);
}

uint64_t
roster_key(struct roster_entry *e)
{
	uint64_t key;

	pthread_mutex_lock(&e->roster->mutex);
	key = e->presence->key;
	pthread_mutex_unlock(&e->roster->mutex);
	return key;
}

static void
set_due(struct roster_entry *e)
{
	const struct presence *p = e->presence;

	roster_link_wait(
	    &e->waits, presence_wait_ms(p, clock_real_ms()), p->delay_ms);
}

/* Another process took its row up first: it becomes somebody new. */
static void
renew(struct roster_entry *e)
{
	LIST_REMOVE(e, same_token);
	presence_renew(e->presence);
	set_due(e);
	LIST_INSERT_HEAD(token_bucket(e->roster, e->presence), e, same_token);
}

static bool
is_young(const struct roster_entry *e)
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
	return is_young(e) ? e->waits.young : ROSTER_STRANGERS;
}

static void
set_away(struct roster_entry *e, bool away)
{
	if (away && !e->away)
		e->roster->away++;
	else if (!away && e->away)
		e->roster->away--;
	e->away = away;
}

/* Nothing more will come of it, and nothing is left to write. */
static void
drop(struct roster_entry *e)
{
	struct roster *r = e->roster;

	roster_lists_put(&e->roster->lists, &e->waits, ROSTER_NONE);
	set_away(e, false);
	TAILQ_REMOVE(&r->all, e, links);
	LIST_REMOVE(e, same_token);
	crowd_leave(&e->place);
	presence_free(e->presence);
	mem_free(e);
}

/* Put it where it belongs.  True: there is something for the publish thread,
 * who may be asleep. */
static bool
arrange(struct roster_entry *e)
{
	struct roster *r = e->roster;
	const enum roster_list list = list_of(e);
	bool first;

	if (list == ROSTER_NONE && !e->taken && e->let_go) {
		drop(e);
		return false;
	}
	first = roster_lists_put(&r->lists, &e->waits, list);
	if (list != ROSTER_MEMBERS)
		return first;
	if (e->wanted == PRESENCE_AWAY)
		r->hurries = true;
	return first || r->hurries;
}

/* A subscriber that polls may be back before its leaving was written. */
static struct roster_entry *
find_leaving(struct roster *r, const struct presence *p)
{
	struct presence like = *p;
	struct roster_entry *e;

	like.key = p->brought;
	if (p->brought != 0)
		LIST_FOREACH (e, token_bucket(r, &like), same_token)
			if (e->presence->key == p->brought && e->let_go &&
			    !e->taken && e->wanted == PRESENCE_AWAY &&
			    e->written != PRESENCE_GONE &&
			    presence_is_like(p, e->presence))
				return e;
	return NULL;
}

/* Its row is as it was; without a stream it will be parked. */
static void
take_over(struct roster_entry *e, struct roster_entry *leaving)
{
	e->written = leaving->written;
	e->wanted = PRESENCE_AWAY;
	e->until_ms = leaving->until_ms;
	drop(leaving);
	arrange(e);
}

/* Put it among the others: as itself, as who is just leaving, or, if that one
 * is here already, as somebody new. */
static enum err
join(struct roster *r, struct roster_entry *e)
{
	struct presence *p = e->presence;
	struct roster_entry *leaving = find_leaving(r, p);
	enum err result = ERR_OK;

	if (leaving != NULL)
		presence_go_on(p, leaving->presence);
	else if (is_here(r, p))
		result = presence_renew(p);
	if (result == ERR_OK)
		add(r, e);
	if (leaving != NULL)
		take_over(e, leaving);
	return result;
}

enum err
roster_enter(struct roster_entry **out, struct roster *r, struct presence *p,
    const struct roster_terms *terms, struct problem *why)
{
	struct roster_entry *e = mem_calloc(1, sizeof(*e));
	enum err result;

	if (e == NULL)
		return ERR_NOMEM;
	e->roster = r;
	e->presence = p;
	if ((result = count(e, r->crowd, terms, why)) != ERR_OK) {
		mem_free(e);
		return result;
	}
	pthread_mutex_lock(&r->mutex);
	result = join(r, e);
	pthread_mutex_unlock(&r->mutex);
	if (result == ERR_OK) {
		*out = e;
	} else {
		crowd_give_back(&e->place);
		mem_free(e);
	}
	return result;
}

/* It parks before it has a row.  Its peer brings its age back (presence.key),
 * so the entry may be forgotten. */
static bool
is_forgotten(struct roster_entry *e)
{
	if (!presence_is_stranger(e->presence) || e->taken ||
	    e->written != PRESENCE_GONE)
		return false;
	if (is_young(e) || e->roster->away >= ROSTER_AWAY_MAX)
		return true;
	set_away(e, true);
	return false;
}

static void
set_wanted(struct roster_entry *e, enum presence_state state, int64_t until_ms)
{
	/* It has a new time, which is to be written. */
	if (state == PRESENCE_AWAY && e->written == PRESENCE_AWAY)
		e->written = PRESENCE_THERE;
	if (state == PRESENCE_AWAY && is_forgotten(e))
		state = PRESENCE_GONE;
	/* The row that it would have gone on with stays as it is. */
	if (state == PRESENCE_GONE && !e->began)
		return;
	e->wanted = state;
	e->until_ms = until_ms;
}

static void
want(struct roster_entry *e, enum presence_state state, int64_t until_ms,
    bool let_go)
{
	struct roster *r = e->roster;
	void (*kick)(void *arg);
	void *arg;
	bool waits;

	pthread_mutex_lock(&r->mutex);
	if (state == PRESENCE_THERE) {
		e->began = true;
		set_due(e);
	}
	set_wanted(e, state, until_ms);
	e->let_go = let_go;
	if (let_go)
		uncount(e, state, until_ms);
	waits = arrange(e);
	kick = r->kick;
	arg = r->arg;
	pthread_mutex_unlock(&r->mutex);
	if (waits && kick != NULL)
		kick(arg);
}

void
roster_begin(struct roster_entry *e)
{
	want(e, PRESENCE_THERE, 0, false);
}

void
roster_end(struct roster_entry *e)
{
	if (e != NULL)
		want(e, PRESENCE_GONE, 0, true);
}

void
roster_park(struct roster_entry *e, int64_t until_ms)
{
	want(e, PRESENCE_AWAY, until_ms, true);
}

void
roster_use(struct roster *r, const struct roster_rules *rules)
{
	void (*kick)(void *arg);
	void *arg;

	pthread_mutex_lock(&r->mutex);
	r->rules = *rules;
	r->has_rules = true;
	kick = r->kick;
	arg = r->arg;
	pthread_mutex_unlock(&r->mutex);
	if (kick != NULL)
		kick(arg);
}

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

static void
take_entry(struct roster_change *out, struct roster_entry *e)
{
	roster_lists_put(&e->roster->lists, &e->waits, ROSTER_NONE);
	set_away(e, false);
	e->taken = true;
	out->entry = e;
	out->refused = false;
	out->change = (struct presence_change){ .to = e->wanted,
		.presence = e->presence,
		.until_ms = e->until_ms,
		.refused = &out->refused };
	/* It waited to be written for longer than it may stay parked. */
	if (e->wanted == PRESENCE_AWAY && e->until_ms <= clock_real_ms())
		out->change.to = PRESENCE_GONE;
}

/* Changes that are taken, and what they cost. */
struct taking {
	struct roster_change *out;
	size_t n, max, cost;
};

static void
take_from(
    struct roster *r, struct taking *t, enum roster_list list, size_t cost_max)
{
	struct roster_link *link;

	while (t->n < t->max && t->cost < cost_max &&
	       (link = roster_lists_first(&r->lists, list)) != NULL) {
		struct roster_entry *e =
		    CONTAINER(struct roster_entry, waits, link);

		t->cost += presence_cost(e->presence);
		take_entry(&t->out[t->n++], e);
	}
}

size_t
roster_take(
    struct roster *r, struct roster_change *out, size_t max, size_t room)
{
	struct taking t = { .out = out, .max = max };
	size_t cost_max = PRESENCE_COST_MAX;

	pthread_mutex_lock(&r->mutex);
	roster_lists_ripen(&r->lists);
	take_from(r, &t, ROSTER_MEMBERS, cost_max);
	if (roster_lists_first(&r->lists, ROSTER_MEMBERS) == NULL)
		r->hurries = false;
	if (room < cost_max - (t.cost < cost_max ? t.cost : cost_max))
		cost_max = t.cost + room;
	take_from(r, &t, ROSTER_LEAVING, cost_max);
	take_from(r, &t, ROSTER_STRANGERS, cost_max);
	pthread_mutex_unlock(&r->mutex);
	return t.n;
}

/* A parked subscriber whose time is up, or whose right has ended, is gone. */
static void
settle(struct roster_entry *e, enum presence_state written)
{
	if (written == PRESENCE_GONE && e->wanted == PRESENCE_AWAY)
		e->wanted = PRESENCE_GONE;
	e->written = written;
}

/* Another database knows nobody. */
static void
forget_rows(struct roster *r, uint64_t epoch)
{
	struct roster_entry *e, *next;

	for (e = TAILQ_FIRST(&r->all); e != NULL; e = next) {
		next = TAILQ_NEXT(e, links);
		e->written = PRESENCE_GONE;
		arrange(e);
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
			renew(e);
		else if (result == ERR_OK)
			settle(e, changes[i].change.to);
		arrange(e);
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

void
roster_free(struct roster *r)
{
	struct roster_entry *e;

	if (r == NULL)
		return;
	while ((e = TAILQ_FIRST(&r->all)) != NULL)
		drop(e);
	crowd_free(r->crowd);
	pthread_mutex_destroy(&r->mutex);
	mem_free(r);
}
