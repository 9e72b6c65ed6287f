/* SPDX-License-Identifier: MIT */
/* roster.c - counts the subscribers and queues what is to be written of them. */
#include "roster.h"

#include <pthread.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "mem.h"
#include "sidecar.h"

#define BUCKETS 256

struct roster_entry {
	TAILQ_ENTRY(roster_entry) links;     /* among all */
	TAILQ_ENTRY(roster_entry) waiting;   /* for the publish thread */
	LIST_ENTRY(roster_entry) same_token; /* in a bucket */
	struct roster *roster;
	struct presence *presence;
	struct crowd_place place; /* where it is counted */
	int64_t until_ms;
	enum presence_state wanted, written;
	bool waits, taken;
	bool began;
	bool let_go; /* by its subscriber */
};

LIST_HEAD(roster_bucket, roster_entry);

struct roster {
	struct crowd *crowd;   /* NULL: nobody is counted */
	pthread_mutex_t mutex; /* guards all below */
	TAILQ_HEAD(, roster_entry) all, waiting;
	struct roster_bucket tokens[BUCKETS];
	bool hurries; /* see roster_hurries() */
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
	TAILQ_INIT(&r->waiting);
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

	LIST_FOREACH(e, token_bucket(r, p), same_token)
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
		e->written = e->wanted = PRESENCE_PARKED;
}

static enum err
count(struct roster_entry *e, struct crowd *c, const struct roster_terms *terms,
    struct fault *f)
{
	return c == NULL ? ERR_OK
			 : crowd_enter(&e->place, c, &terms->keys,
			       terms->parked, &terms->limits, f);
}

/* Who has left makes room at once, whenever that gets written. */
static void
uncount(struct roster_entry *e, enum presence_state to, int64_t until_ms)
{
	if (to == PRESENCE_PARKED)
		crowd_park(&e->place, e->presence->key, until_ms);
	else if (e->began)
		crowd_leave(&e->place);
	else
		crowd_give_back(&e->place);
}

enum err
roster_enter(struct roster_entry **out, struct roster *r, struct presence *p,
    const struct roster_terms *terms, struct fault *f)
{
	struct roster_entry *e = mem_calloc(1, sizeof(*e));
	enum err result;

	if (e == NULL)
		return ERR_NOMEM;
	e->roster = r;
	e->presence = p;
	if ((result = count(e, r->crowd, terms, f)) != ERR_OK) {
		mem_free(e);
		return result;
	}
	pthread_mutex_lock(&r->mutex);
	if (is_here(r, p))
		result = presence_renew(p);
	if (result == ERR_OK)
		add(r, e);
	pthread_mutex_unlock(&r->mutex);
	if (result == ERR_OK) {
		*out = e;
	} else {
		crowd_give_back(&e->place);
		mem_free(e);
	}
	return result;
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

/* Another process took its row up first: it becomes somebody new. */
static void
renew(struct roster_entry *e)
{
	LIST_REMOVE(e, same_token);
	presence_renew(e->presence);
	LIST_INSERT_HEAD(token_bucket(e->roster, e->presence), e, same_token);
}

/* Nothing more will come of it, and nothing is left to write. */
static void
drop(struct roster_entry *e)
{
	struct roster *r = e->roster;

	if (e->waits)
		TAILQ_REMOVE(&r->waiting, e, waiting);
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
	const bool to_write = e->wanted != e->written && !e->taken;
	const bool was_empty = TAILQ_EMPTY(&r->waiting);

	if (!to_write && !e->taken && e->let_go) {
		drop(e);
		return false;
	}
	if (to_write && !e->waits)
		TAILQ_INSERT_TAIL(&r->waiting, e, waiting);
	else if (!to_write && e->waits)
		TAILQ_REMOVE(&r->waiting, e, waiting);
	e->waits = to_write;
	if (to_write && e->wanted == PRESENCE_PARKED)
		r->hurries = true;
	return to_write && (was_empty || r->hurries);
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
	/* It has a new time, which is to be written. */
	if (state == PRESENCE_PARKED && e->written == PRESENCE_PARKED)
		e->written = PRESENCE_THERE;
	/* A row that was to be gone on with is left as it is. */
	if (state != PRESENCE_GONE || e->began)
		e->wanted = state;
	e->until_ms = until_ms;
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
	e->began = true;
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

size_t
roster_take(struct roster *r, struct roster_change *out, size_t max)
{
	struct roster_entry *e;
	size_t n = 0, cost = 0;

	pthread_mutex_lock(&r->mutex);
	while (n < max && cost < PRESENCE_COST_MAX &&
	       (e = TAILQ_FIRST(&r->waiting)) != NULL) {
		TAILQ_REMOVE(&r->waiting, e, waiting);
		e->waits = false;
		e->taken = true;
		out[n].entry = e;
		out[n].refused = false;
		out[n].change = (struct presence_change){ .to = e->wanted,
			.presence = e->presence,
			.until_ms = e->until_ms,
			.refused = &out[n].refused };
		cost += presence_cost(e->presence);
		n++;
	}
	if (TAILQ_EMPTY(&r->waiting))
		r->hurries = false;
	pthread_mutex_unlock(&r->mutex);
	return n;
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
			e->written = changes[i].change.to;
		arrange(e);
	}
	pthread_mutex_unlock(&r->mutex);
}

bool
roster_waits(struct roster *r)
{
	bool waits;

	pthread_mutex_lock(&r->mutex);
	waits = !TAILQ_EMPTY(&r->waiting);
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
