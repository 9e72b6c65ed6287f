/* SPDX-License-Identifier: MIT */
/* roster.c - counts the subscribers and queues what is to be written of them. */
#include "roster.h"

#include <pthread.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "clock.h"
#include "mem.h"
#include "sidecar.h"

#define BUCKETS 256

/* How many parts a delay has: those that wait for as many parts have a list,
 * in whose order they are due. */
#define PARTS 8

/* What an entry waits in, for the publish thread. */
enum roster_list {
	ROSTER_MEMBERS,
	ROSTER_LEAVING,   /* strangers whose rows are to go, */
	ROSTER_STRANGERS, /* and others that are due */
	ROSTER_YOUNG,     /* those that are not; as many lists as PARTS */
	ROSTER_LISTS = ROSTER_YOUNG + PARTS,
	ROSTER_NONE = ROSTER_LISTS
};

struct roster_entry {
	TAILQ_ENTRY(roster_entry) links;                   /* among all */
	TAILQ_ENTRY(roster_entry) waiting;                 /* in a list */
	LIST_ENTRY(roster_entry) same_token, same_address; /* in a bucket */
	struct roster *roster;
	struct presence *presence;
	int64_t until_ms;
	int64_t due_ms; /* clock_mono_ms() */
	enum presence_state wanted, written;
	enum roster_list list, young; /* where it waits, or would until due */
	bool counted;                 /* it is in `n` */
	bool away;                    /* it is in `away` */
	bool taken;
	bool began;
	bool let_go; /* by its subscriber */
};

LIST_HEAD(roster_bucket, roster_entry);
TAILQ_HEAD(roster_queue, roster_entry);

struct roster {
	pthread_mutex_t mutex; /* guards all below */
	struct roster_queue all, lists[ROSTER_LISTS];
	struct roster_bucket tokens[BUCKETS], addresses[BUCKETS];
	size_t n;
	size_t away;                /* left, may be back, never written */
	bool hurries;               /* see roster_hurries() */
	struct roster_rules *rules; /* NULL: taken */
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

static struct roster_bucket *
address_bucket(struct roster *r, const struct presence *p)
{
	size_t sum = 0;

	for (size_t i = 0; i < p->address.len; i++)
		sum = sum * 31 + (unsigned char)p->address.base[i];
	return &r->addresses[sum % BUCKETS];
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
	for (size_t i = 0; i < ROSTER_LISTS; i++)
		TAILQ_INIT(&r->lists[i]);
	*out = r;
	return ERR_OK;
}

uint64_t
roster_owner(const struct roster *r)
{
	return r->owner;
}

void
roster_on_change(struct roster *r, void (*kick)(void *arg), void *arg)
{
	pthread_mutex_lock(&r->mutex);
	r->kick = kick;
	r->arg = arg;
	pthread_mutex_unlock(&r->mutex);
}

/* How many here have its token and its address? */
static struct queue_crowd
count_here(struct roster *r, const struct presence *p)
{
	struct queue_crowd here = { .total = r->n };
	struct roster_entry *e;

	if (p->has_token)
		LIST_FOREACH(e, token_bucket(r, p), same_token)
	here.same_token += e->counted && memcmp(e->presence->token, p->token,
					     sizeof(p->token)) == 0;
	if (p->address.base != NULL)
		LIST_FOREACH(e, address_bucket(r, p), same_address)
	here.same_address +=
	    e->counted && slice_eq(e->presence->address, p->address);
	return here;
}

/* A position that was copied leads two to the same row. */
static bool
is_here(struct roster *r, const struct presence *p)
{
	struct roster_entry *e;

	LIST_FOREACH(e, token_bucket(r, p), same_token)
	if (e->presence->key == p->key)
		return true;
	return false;
}

static bool
is_reached(uint64_t limit, uint64_t here, uint64_t elsewhere)
{
	return limit > 0 && here + elsewhere >= limit;
}

static enum err
check(struct roster *r, const struct presence *p,
    const struct queue_crowd *elsewhere, const struct roster_limits *limits,
    struct fault *f)
{
	const struct queue_crowd here = count_here(r, p);

	if (is_reached(limits->total, here.total, elsewhere->total))
		return fault_set(f, ERR_LIMIT,
		    "The hub holds as many streams as it may "
		    "(MERCURE_MAX_CONNECTIONS).");
	if (p->has_token && is_reached(limits->per_token, here.same_token,
				elsewhere->same_token))
		return fault_set(f, ERR_LIMIT,
		    "The access token has as many streams as it may "
		    "(MERCURE_MAX_CONNECTIONS_PER_TOKEN).");
	if (p->address.base != NULL &&
	    is_reached(limits->per_address, here.same_address,
		elsewhere->same_address))
		return fault_set(f, ERR_LIMIT,
		    "Your address has as many streams as it may "
		    "(MERCURE_MAX_CONNECTIONS_PER_ADDRESS).");
	return ERR_OK;
}

static void
add(struct roster *r, struct roster_entry *e)
{
	const struct presence *p = e->presence;

	TAILQ_INSERT_TAIL(&r->all, e, links);
	LIST_INSERT_HEAD(token_bucket(r, p), e, same_token);
	if (p->address.base != NULL)
		LIST_INSERT_HEAD(address_bucket(r, p), e, same_address);
	r->n++;
	e->counted = true;
	if (p->goes_on)
		e->written = e->wanted = PRESENCE_PARKED;
}

/* Who has left makes room at once, whenever that gets written. */
static void
uncount(struct roster_entry *e)
{
	if (e->counted)
		e->roster->n--;
	e->counted = false;
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

/* From its arrival on; rounded up to a part of the delay. */
static void
set_due(struct roster_entry *e)
{
	const struct presence *p = e->presence;
	const uint32_t wait_ms = presence_wait_ms(p, clock_real_ms());
	const uint32_t part_ms = (p->delay_ms + PARTS - 1) / PARTS;
	const uint32_t parts = wait_ms > 0 ? (wait_ms - 1) / part_ms + 1 : 0;

	e->due_ms = clock_mono_ms() + parts * part_ms;
	e->young = ROSTER_YOUNG + (parts > 0 ? parts - 1 : 0);
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
	       e->written == PRESENCE_GONE && clock_mono_ms() < e->due_ms;
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
	return is_young(e) ? e->young : ROSTER_STRANGERS;
}

static void
set_list(struct roster_entry *e, enum roster_list list)
{
	struct roster_queue *lists = e->roster->lists;

	if (e->list == list)
		return;
	if (e->list != ROSTER_NONE)
		TAILQ_REMOVE(&lists[e->list], e, waiting);
	if (list != ROSTER_NONE)
		TAILQ_INSERT_TAIL(&lists[list], e, waiting);
	e->list = list;
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

	set_list(e, ROSTER_NONE);
	set_away(e, false);
	TAILQ_REMOVE(&r->all, e, links);
	LIST_REMOVE(e, same_token);
	if (e->presence->address.base != NULL)
		LIST_REMOVE(e, same_address);
	uncount(e);
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
	bool was_empty;

	if (list == ROSTER_NONE && !e->taken && e->let_go) {
		drop(e);
		return false;
	}
	if (list == ROSTER_NONE) {
		set_list(e, list);
		return false;
	}
	was_empty = TAILQ_EMPTY(&r->lists[list]);
	set_list(e, list);
	if (list == ROSTER_MEMBERS && e->wanted == PRESENCE_PARKED)
		r->hurries = true;
	return was_empty || (list == ROSTER_MEMBERS && r->hurries);
}

/* Who polls may be back before it was written that it has left. */
static struct roster_entry *
find_leaving(struct roster *r, const struct presence *p)
{
	struct presence like = *p;
	struct roster_entry *e;

	like.key = p->brought;
	if (p->brought != 0)
		LIST_FOREACH(e, token_bucket(r, &like), same_token)
	if (e->presence->key == p->brought && e->let_go && !e->taken &&
	    e->wanted == PRESENCE_PARKED && e->written != PRESENCE_GONE &&
	    presence_is_like(p, e->presence))
		return e;
	return NULL;
}

/* Its row is as it was; without a stream it will be parked. */
static void
take_over(struct roster_entry *e, struct roster_entry *leaving)
{
	e->written = leaving->written;
	e->wanted = PRESENCE_PARKED;
	e->until_ms = leaving->until_ms;
	drop(leaving);
	arrange(e);
}

enum err
roster_enter(struct roster_entry **out, struct roster *r, struct presence *p,
    const struct queue_crowd *elsewhere, const struct roster_limits *limits,
    struct fault *f)
{
	struct roster_entry *e = mem_calloc(1, sizeof(*e)), *leaving = NULL;
	enum err result;

	if (e == NULL)
		return ERR_NOMEM;
	e->roster = r;
	e->presence = p;
	e->list = ROSTER_NONE;
	pthread_mutex_lock(&r->mutex);
	result = check(r, p, elsewhere, limits, f);
	if (result == ERR_OK && (leaving = find_leaving(r, p)) != NULL)
		presence_go_on(p, leaving->presence);
	else if (result == ERR_OK && is_here(r, p))
		result = presence_renew(p);
	if (result == ERR_OK)
		add(r, e);
	if (leaving != NULL)
		take_over(e, leaving);
	pthread_mutex_unlock(&r->mutex);
	if (result == ERR_OK)
		*out = e;
	else
		mem_free(e);
	return result;
}

/* It parks, and no row tells of it yet: its peer knows how old it is
 * (presence.key), so it may as well be forgotten. */
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
	if (state == PRESENCE_PARKED && e->written == PRESENCE_PARKED)
		e->written = PRESENCE_THERE;
	if (state == PRESENCE_PARKED && is_forgotten(e))
		state = PRESENCE_GONE;
	/* A row that was to be gone on with is left as it is. */
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
	/* Who is parked is counted by its row, as that is nobody's. */
	if (let_go)
		uncount(e);
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
	want(e, PRESENCE_PARKED, until_ms, true);
}

enum err
roster_use(struct roster *r, const uint64_t *signers, size_t n, bool tells)
{
	struct roster_rules *rules =
	    mem_calloc(1, sizeof(*rules) + n * sizeof(*signers));
	struct roster_rules *old;
	void (*kick)(void *arg);
	void *arg;

	if (rules == NULL)
		return ERR_NOMEM;
	rules->n = n;
	rules->tells = tells;
	memcpy(rules->signers, signers, n * sizeof(*signers));
	pthread_mutex_lock(&r->mutex);
	old = r->rules;
	r->rules = rules;
	kick = r->kick;
	arg = r->arg;
	pthread_mutex_unlock(&r->mutex);
	mem_free(old);
	if (kick != NULL)
		kick(arg);
	return ERR_OK;
}

struct roster_rules *
roster_take_rules(struct roster *r)
{
	struct roster_rules *rules;

	pthread_mutex_lock(&r->mutex);
	rules = r->rules;
	r->rules = NULL;
	pthread_mutex_unlock(&r->mutex);
	return rules;
}

static void
take_entry(struct roster_change *out, struct roster_entry *e)
{
	set_list(e, ROSTER_NONE);
	set_away(e, false);
	e->taken = true;
	out->entry = e;
	out->refused = false;
	out->change = (struct presence_change){ .to = e->wanted,
		.presence = e->presence,
		.until_ms = e->until_ms,
		.refused = &out->refused };
	/* It had to wait longer than it may stay. */
	if (e->wanted == PRESENCE_PARKED && e->until_ms <= clock_real_ms())
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
	struct roster_entry *e;

	while (t->n < t->max && t->cost < cost_max &&
	       (e = TAILQ_FIRST(&r->lists[list])) != NULL) {
		t->cost += presence_cost(e->presence);
		take_entry(&t->out[t->n++], e);
	}
}

static void
ripen(struct roster *r)
{
	const int64_t now = clock_mono_ms();
	struct roster_entry *e;

	for (size_t i = ROSTER_YOUNG; i < ROSTER_LISTS; i++)
		while (
		    (e = TAILQ_FIRST(&r->lists[i])) != NULL && e->due_ms <= now)
			set_list(e, ROSTER_STRANGERS);
}

size_t
roster_take(
    struct roster *r, struct roster_change *out, size_t max, size_t room)
{
	struct taking t = { .out = out, .max = max };
	size_t cost_max = PRESENCE_COST_MAX;

	pthread_mutex_lock(&r->mutex);
	ripen(r);
	take_from(r, &t, ROSTER_MEMBERS, cost_max);
	if (TAILQ_EMPTY(&r->lists[ROSTER_MEMBERS]))
		r->hurries = false;
	if (room < cost_max - (t.cost < cost_max ? t.cost : cost_max))
		cost_max = t.cost + room;
	take_from(r, &t, ROSTER_LEAVING, cost_max);
	take_from(r, &t, ROSTER_STRANGERS, cost_max);
	pthread_mutex_unlock(&r->mutex);
	return t.n;
}

/* A parked one whose time was up, or whose right had ended, is gone. */
static void
settle(struct roster_entry *e, enum presence_state written)
{
	if (written == PRESENCE_GONE && e->wanted == PRESENCE_PARKED)
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
	waits = !TAILQ_EMPTY(&r->lists[ROSTER_MEMBERS]);
	pthread_mutex_unlock(&r->mutex);
	return waits;
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
	struct roster_entry *e;
	int64_t due_ms = INT64_MAX;

	pthread_mutex_lock(&r->mutex);
	for (size_t i = ROSTER_YOUNG; i < ROSTER_LISTS; i++)
		if ((e = TAILQ_FIRST(&r->lists[i])) != NULL &&
		    e->due_ms < due_ms)
			due_ms = e->due_ms;
	if (!TAILQ_EMPTY(&r->lists[ROSTER_LEAVING]) ||
	    !TAILQ_EMPTY(&r->lists[ROSTER_STRANGERS]))
		due_ms = 0;
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
	mem_free(r->rules);
	pthread_mutex_destroy(&r->mutex);
	mem_free(r);
}
