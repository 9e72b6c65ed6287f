/* SPDX-License-Identifier: MIT */
/* roster.c - counts subscribers and queues what is to be written. */
#include "base/clock.h"
#include "base/mem.h"
#include "presence/roster_entry.h"

enum err
roster_new(struct roster **out)
{
	struct roster *r = mem_calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	r->owner = queue_new_owner();
	pthread_mutex_init(&r->mutex, NULL);
	TAILQ_INIT(&r->all);
	TAILQ_INIT(&r->extensions);
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

	LIST_FOREACH (e, roster_entry_bucket(r, p), same_token)
		if (e->presence->key == p->key)
			return true;
	return false;
}

static void
add(struct roster *r, struct roster_entry *e)
{
	const struct presence *p = e->presence;

	TAILQ_INSERT_TAIL(&r->all, e, links);
	LIST_INSERT_HEAD(roster_entry_bucket(r, p), e, same_token);
	if (p->goes_on)
		e->written = e->wanted = PRESENCE_AWAY;
}

static enum err
count(struct roster_entry *e, struct crowd *c, const struct roster_terms *terms,
    struct problem *p)
{
	enum err result;

	if (c == NULL)
		return ERR_OK;
	result = crowd_enter(
	    &e->place, c, &terms->keys, terms->away_key, &terms->limits, p);
	if (result != ERR_OK || terms->views_n == 0)
		return result;
	result = crowd_view(&e->place, terms->views, terms->views_n);
	if (result != ERR_OK)
		crowd_give_back(&e->place);
	return result;
}

/* A subscriber that leaves makes room at once, although its row is deleted
 * later. */
static void
uncount(struct roster_entry *e, enum presence_state to, int64_t until_ms)
{
	if (to == PRESENCE_AWAY)
		crowd_away(&e->place, e->presence->key, until_ms);
	else if (e->stage == ROSTER_BEGAN)
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

/* A subscriber that polls may be back before its leaving was written. */
static struct roster_entry *
find_leaving(struct roster *r, const struct presence *p)
{
	struct presence like = *p;
	struct roster_entry *e;

	like.key = p->brought;
	if (p->brought != 0)
		LIST_FOREACH (e, roster_entry_bucket(r, &like), same_token)
			if (e->presence->key == p->brought &&
			    e->stage == ROSTER_LEFT && !e->taken &&
			    e->wanted == PRESENCE_AWAY &&
			    e->written != PRESENCE_GONE &&
			    presence_is_like(p, e->presence))
				return e;
	return NULL;
}

/* Its row is as it was; without a stream it will be away. */
static void
inherit(struct roster_entry *e, struct roster_entry *leaving)
{
	e->written = leaving->written;
	e->wanted = PRESENCE_AWAY;
	e->until_ms = leaving->until_ms;
	roster_entry_drop(leaving);
	roster_entry_arrange(e);
}

/* Put it among the others: as itself, as the one that is just leaving, or, if
 * that one is here already, as somebody new. */
static void
join(struct roster *r, struct roster_entry *e)
{
	struct presence *p = e->presence;
	struct roster_entry *leaving = find_leaving(r, p);

	if (leaving != NULL)
		presence_go_on(p, leaving->presence);
	else if (is_here(r, p))
		presence_reidentify(p);
	add(r, e);
	if (leaving != NULL)
		inherit(e, leaving);
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
	join(r, e);
	pthread_mutex_unlock(&r->mutex);
	*out = e;
	return ERR_OK;
}

/* It goes away before it has a row.  Its peer brings its age back
 * (presence.key), so the entry may be forgotten. */
static bool
is_forgotten(struct roster_entry *e)
{
	if (!presence_is_stranger(e->presence) || e->taken ||
	    e->written != PRESENCE_GONE)
		return false;
	if (roster_entry_is_young(e) || e->roster->away >= ROSTER_AWAY_MAX)
		return true;
	roster_entry_set_away(e, true);
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
	if (state == PRESENCE_GONE && e->stage == ROSTER_ENTERED)
		return;
	e->wanted = state;
	e->until_ms = until_ms;
}

static void
want(struct roster_entry *e, enum presence_state state, int64_t until_ms,
    bool leaves)
{
	struct roster *r = e->roster;
	void (*kick)(void *arg);
	void *arg;
	bool waits;

	pthread_mutex_lock(&r->mutex);
	if (state == PRESENCE_THERE) {
		e->stage = ROSTER_BEGAN;
		roster_entry_set_due(e);
	}
	set_wanted(e, state, until_ms);
	if (leaves) {
		uncount(e, state, until_ms);
		e->stage = ROSTER_LEFT;
	}
	waits = roster_entry_arrange(e);
	kick = r->kick;
	arg = r->arg;
	pthread_mutex_unlock(&r->mutex);
	if (waits && kick != NULL)
		kick(arg);
}

void
roster_begin(struct roster_entry *e)
{
	crowd_begin(&e->place);
	want(e, PRESENCE_THERE, 0, false);
}

void
roster_end(struct roster_entry *e)
{
	if (e != NULL)
		want(e, PRESENCE_GONE, 0, true);
}

void
roster_away(struct roster_entry *e, int64_t until_ms)
{
	want(e, PRESENCE_AWAY, until_ms, true);
}

void
roster_extend(struct roster_entry *e)
{
	struct roster *r = e->roster;
	void (*kick)(void *arg);
	void *arg;

	pthread_mutex_lock(&r->mutex);
	if (e->presence->has_token)
		roster_entry_set_extends(e, true);
	kick = r->kick;
	arg = r->arg;
	pthread_mutex_unlock(&r->mutex);
	if (kick != NULL)
		kick(arg);
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

enum err
roster_count_views(struct roster *r, struct crowd_count *v, size_t n)
{
	return r->crowd != NULL ? crowd_count_views(r->crowd, v, n, true)
				: ERR_UNSUPPORTED;
}

enum err
roster_count_now(void *roster, struct crowd_count *v, size_t n)
{
	const struct roster *r = roster;

	return r->crowd != NULL ? crowd_count_views(r->crowd, v, n, false)
				: ERR_UNSUPPORTED;
}

void
roster_free(struct roster *r)
{
	struct roster_entry *e;

	if (r == NULL)
		return;
	while ((e = TAILQ_FIRST(&r->all)) != NULL)
		roster_entry_drop(e);
	crowd_free(r->crowd);
	pthread_mutex_destroy(&r->mutex);
	mem_free(r);
}
