/* SPDX-License-Identifier: MIT */
/* crowd.c - gives places, reports reached limits, and moves to a new file. */
#include "presence/crowd.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/crowd.h"

/* Another file may take the place again while this one is opened. */
#define OPEN_TRIES 4

/* Views are counted while the last count is not older. */
#define COUNTED_MS 3000

struct crowd {
	char *url; /* never changes, as the settings */
	struct queue_settings settings;

	pthread_mutex_t mutex;    /* guards all below */
	struct queue_crowd *side; /* NULL: to be opened */
	unsigned opened;          /* how often `side` was replaced */
	bool missing;             /* a place may have no slot */
	LIST_HEAD(, crowd_place) places;
	size_t seats;       /* places and views that have a slot */
	bool crowded;       /* views found no slot; look again in a second */
	int64_t counted_ms; /* the last count of views (clock_mono_ms()) */
	enum err logged;    /* the failure that was logged last */
};

enum err
crowd_new(struct crowd **out, const struct queue_settings *s)
{
	struct crowd *c = mem_calloc(1, sizeof(*c));

	if (c == NULL || (c->url = mem_text(slice_of(s->url))) == NULL) {
		mem_free(c);
		return ERR_NOMEM;
	}
	c->settings = *s;
	c->settings.url = c->url;
	pthread_mutex_init(&c->mutex, NULL);
	LIST_INIT(&c->places);
	*out = c;
	return ERR_OK;
}

/* Log once for each state that streams are not counted, or are again. */
static enum err
note(struct crowd *c, enum err e, const struct problem *p)
{
	if (e == c->logged)
		return e;
	if (e != ERR_OK)
		log_err("streams not counted", LOG_TEXT("reason", p->text));
	else
		log_info("streams counted again");
	c->logged = e;
	return e;
}

static struct crowd_keys
hidden(const struct crowd *c, const struct crowd_place *p)
{
	uint64_t secret[2];

	queue_crowd_secret(c->side, secret);
	return crowd_key_hide(&p->keys, secret);
}

/* Take a free slot; if there is none, free those of dead processes, then make
 * more. */
static enum err
find_seat(struct crowd *c, struct crowd_table *t, const struct crowd_keys *keys,
    struct crowd_seat *out, struct problem *p)
{
	const int64_t now = clock_real_ms();
	enum err e;

	if ((e = crowd_table_take(t, keys, now, out)) != ERR_FULL)
		return e;
	crowd_table_sweep(t);
	if ((e = crowd_table_take(t, keys, now, out)) != ERR_FULL ||
	    (e = queue_crowd_grow(c->side, p)) != ERR_OK)
		return e;
	if ((e = crowd_table_take(t, keys, now, out)) == ERR_FULL)
		problem_set(p, e, "others fill the table of streams");
	return e;
}

static enum err
sit(struct crowd *c, struct crowd_table *t, struct crowd_place *p,
    uint64_t away_key, struct problem *why)
{
	const struct crowd_keys keys = hidden(c, p);
	enum err e = ERR_NOTFOUND;

	if (away_key != 0)
		e = crowd_table_resume(
		    t, away_key, &keys, clock_real_ms(), &p->seat);
	if (e == ERR_NOTFOUND)
		e = find_seat(c, t, &keys, &p->seat, why);
	p->seated = e == ERR_OK;
	return e;
}

/* Views that find no slot wait for crowd_look(): a search through a full table
 * takes long. */
static void
seat_views(struct crowd *c, struct crowd_table *t, struct crowd_place *p)
{
	const int64_t now = clock_real_ms();
	uint64_t secret[2];

	queue_crowd_secret(c->side, secret);
	for (size_t i = 0; i < p->views_n && !c->crowded; i++) {
		struct crowd_view *v = &p->views[i];

		if (v->seated && crowd_table_has_view(t, v->at))
			continue;
		v->seated = crowd_table_add_view(t,
				crowd_key_hide_topic(v->topic, secret), now,
				&v->at) == ERR_OK;
		c->crowded = !v->seated;
	}
}

static size_t
views_seated(const struct crowd_place *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->views_n; i++)
		n += p->views[i].seated;
	return n;
}

/* Give a slot to each place of this process that has none, or has lost it. */
static enum err
sit_all(struct crowd *c, struct crowd_table *t, struct problem *why)
{
	struct crowd_place *p;
	enum err e = ERR_OK;

	c->seats = 0;
	LIST_FOREACH (p, &c->places, links) {
		if (p->seated && !crowd_table_has(t, &p->seat))
			p->seated = false;
		if (!p->seated && e == ERR_OK)
			e = sit(c, t, p, 0, why);
		seat_views(c, t, p);
		c->seats += p->seated + views_seated(p);
	}
	c->missing = e != ERR_OK;
	return e;
}

/* `side` is the file at the path now; NULL: to be opened. */
static void
replace(struct crowd *c, struct queue_crowd *side)
{
	struct crowd_place *p;

	queue_crowd_close(c->side);
	c->side = side;
	c->opened++;
	c->seats = 0;
	c->missing = true;
	LIST_FOREACH (p, &c->places, links) {
		p->seated = false;
		for (size_t i = 0; i < p->views_n; i++)
			p->views[i].seated = false;
	}
}

/* The table, with the mutex; opening a file may take a while, so that happens
 * without it. */
static enum err
enter_table(struct crowd *c, struct crowd_table **out, struct problem *p)
{
	enum err e = ERR_MOVED;

	pthread_mutex_lock(&c->mutex);
	for (int i = 0; e == ERR_MOVED && i < OPEN_TRIES; i++) {
		const unsigned seen = c->opened;
		struct queue_crowd *side = NULL;

		if (c->side != NULL &&
		    (e = queue_crowd_table(c->side, out, p)) != ERR_MOVED)
			break;
		pthread_mutex_unlock(&c->mutex);
		e = queue_crowd_open(&side, &c->settings, p);
		pthread_mutex_lock(&c->mutex);
		if (seen != c->opened)
			queue_crowd_close(side);
		else if (e == ERR_OK)
			replace(c, side);
		if (e == ERR_OK || seen != c->opened)
			e = ERR_MOVED;
	}
	return e == ERR_OK && c->missing ? sit_all(c, *out, p) : e;
}

/* A limit whose input is missing holds for all of them together. */
static enum err
refuse_unknown(struct problem *p)
{
	return problem_set(p, ERR_LIMIT,
	    "The web server does not report the addresses of its clients, "
	    "which "
	    "have together as many streams as one may "
	    "(MERCURE_MAX_CONNECTIONS_PER_ADDRESS): pass REMOTE_ADDR.");
}

static enum err
refuse(enum crowd_limit which, struct problem *p)
{
	static const char *const sentences[] = {
		[CROWD_TOTAL] = "The hub holds as many streams as it may "
				"(MERCURE_MAX_CONNECTIONS).",
		[CROWD_PER_TOKEN] =
		    "The access token has as many streams as it may "
		    "(MERCURE_MAX_CONNECTIONS_PER_TOKEN).",
		[CROWD_PER_ADDRESS] =
		    "Your address has as many streams as it may "
		    "(MERCURE_MAX_CONNECTIONS_PER_ADDRESS).",
	};

	return problem_set(p, ERR_LIMIT, "%s", sentences[which]);
}

/* The first setting that limits such a stream; NULL: none does. */
static const char *
limit_for(const struct crowd_keys *k, const struct crowd_limits *l)
{
	if (l->total > 0)
		return "MERCURE_MAX_CONNECTIONS";
	if (l->per_token > 0 && k->token != CROWD_NOBODY)
		return "MERCURE_MAX_CONNECTIONS_PER_TOKEN";
	if (l->per_address > 0 && k->address != CROWD_NOBODY)
		return "MERCURE_MAX_CONNECTIONS_PER_ADDRESS";
	return NULL;
}

/* The stream cannot be counted: refuse it if a limit applies to it. */
static enum err
uncounted(struct crowd_place *p, const struct crowd_limits *limits, enum err e,
    struct problem *why)
{
	const char *limit = limit_for(&p->keys, limits);

	if (limit == NULL)
		return ERR_OK;
	return problem_set(why, e == ERR_LIMIT ? ERR_IO : e,
	    "The hub cannot count its streams, and %s is set; its log names "
	    "the reason.",
	    limit);
}

static enum err
compare(struct crowd *c, struct crowd_table *t, struct crowd_place *p,
    const struct crowd_limits *limits, struct problem *why)
{
	const struct crowd_keys keys = hidden(c, p);
	const enum crowd_limit which =
	    crowd_table_check(t, &keys, limits, clock_real_ms(), &p->seat);

	if (which == CROWD_WITHIN)
		return ERR_OK;
	crowd_table_give_back(t, &p->seat);
	if (which == CROWD_PER_ADDRESS && p->keys.address == CROWD_UNKNOWN)
		return refuse_unknown(why);
	return refuse(which, why);
}

enum err
crowd_enter(struct crowd_place *p, struct crowd *c,
    const struct crowd_keys *keys, uint64_t away_key,
    const struct crowd_limits *limits, struct problem *problem)
{
	struct crowd_table *t = NULL;
	struct problem why = { "" };
	enum err e;

	*p = (struct crowd_place){ .keys = *keys, .away_key = away_key };
	e = enter_table(c, &t, &why);
	if (e == ERR_OK)
		e = sit(c, t, p, away_key, &why);
	note(c, e, &why);
	e = e == ERR_OK ? compare(c, t, p, limits, problem)
			: uncounted(p, limits, e, problem);
	if (e == ERR_OK) {
		c->missing = c->missing || !p->seated;
		c->seats += p->seated;
		p->crowd = c;
		LIST_INSERT_HEAD(&c->places, p, links);
	}
	pthread_mutex_unlock(&c->mutex);
	return e;
}

enum err
crowd_view(struct crowd_place *p, const uint64_t *topics, size_t n)
{
	struct crowd_view *views = mem_calloc(n, sizeof(*views));
	struct crowd *c = p->crowd;
	struct crowd_table *t = NULL;

	if (views == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		views[i].topic = topics[i];
	pthread_mutex_lock(&c->mutex);
	p->views = views;
	p->views_n = n;
	/* Else crowd_look() finds another file. */
	if (c->side != NULL && queue_crowd_table(c->side, &t, NULL) == ERR_OK)
		seat_views(c, t, p);
	c->seats += views_seated(p);
	pthread_mutex_unlock(&c->mutex);
	return ERR_OK;
}

void
crowd_begin(struct crowd_place *p)
{
	struct crowd *c = p->crowd;
	struct crowd_table *t = NULL;

	if (c == NULL || p->away_key == 0 || p->views_n == 0)
		return;
	pthread_mutex_lock(&c->mutex);
	if (c->side != NULL && queue_crowd_table(c->side, &t, NULL) == ERR_OK)
		crowd_table_return_views(t, p->away_key);
	pthread_mutex_unlock(&c->mutex);
}

/* The table that a place is in; NULL: none any more.  Place and views are the
 * caller's to free there. */
static struct crowd_table *
unlink_place(struct crowd_place *p)
{
	struct crowd_table *t = NULL;
	struct crowd *c = p->crowd;

	LIST_REMOVE(p, links);
	p->crowd = NULL;
	c->seats -= p->seated + views_seated(p);
	if (c->side == NULL || queue_crowd_table(c->side, &t, NULL) != ERR_OK)
		return NULL;
	return t;
}

/* `away_key` 0: they end with the stream. */
static void
release_views(struct crowd_place *p, struct crowd_table *t, uint64_t away_key,
    int64_t until_ms)
{
	for (size_t i = 0; t != NULL && i < p->views_n; i++)
		if (p->views[i].seated)
			crowd_table_reserve_view(
			    t, p->views[i].at, away_key, until_ms);
	mem_free(p->views);
	p->views = NULL;
	p->views_n = 0;
}

typedef void release_fn(struct crowd_table *t, const struct crowd_seat *seat);

static void
release(struct crowd_place *p, release_fn *how)
{
	struct crowd *c = p->crowd;
	struct crowd_table *t;

	if (c == NULL)
		return;
	pthread_mutex_lock(&c->mutex);
	if ((t = unlink_place(p)) != NULL && p->seated)
		how(t, &p->seat);
	release_views(p, t, 0, 0);
	pthread_mutex_unlock(&c->mutex);
}

void
crowd_leave(struct crowd_place *p)
{
	release(p, crowd_table_leave);
}

void
crowd_give_back(struct crowd_place *p)
{
	release(p, crowd_table_give_back);
}

void
crowd_away(struct crowd_place *p, uint64_t away_key, int64_t until_ms)
{
	struct crowd *c = p->crowd;
	struct crowd_table *t;

	if (c == NULL)
		return;
	pthread_mutex_lock(&c->mutex);
	if ((t = unlink_place(p)) != NULL && p->seated)
		crowd_table_reserve(t, &p->seat, away_key, until_ms);
	release_views(p, t, away_key, until_ms);
	pthread_mutex_unlock(&c->mutex);
}

static enum err
count_in(struct crowd *c, const struct crowd_table *t, struct crowd_count *v,
    size_t n)
{
	uint64_t secret[2];

	queue_crowd_secret(c->side, secret);
	c->counted_ms = clock_mono_ms();
	return crowd_count(t, secret, clock_real_ms(), v, n);
}

enum err
crowd_count_views(
    struct crowd *c, struct crowd_count *v, size_t n, bool may_wait)
{
	struct crowd_table *t = NULL;
	struct problem why = { "" };
	enum err e = ERR_MOVED;

	if (may_wait)
		e = enter_table(c, &t, &why);
	else {
		pthread_mutex_lock(&c->mutex);
		if (c->side != NULL)
			e = queue_crowd_table(c->side, &t, &why);
	}
	if (e == ERR_OK && may_wait)
		crowd_table_sweep_for_counts(t, clock_real_ms());
	if (e == ERR_OK)
		e = count_in(c, t, v, n);
	pthread_mutex_unlock(&c->mutex);
	return e;
}

void
crowd_look(struct crowd *c)
{
	struct crowd_table *t = NULL;
	struct problem why = { "" };
	enum err e = enter_table(c, &t, &why);

	if (e == ERR_OK && (c->crowded || crowd_table_own(t) != c->seats)) {
		c->crowded = false;
		e = sit_all(c, t, &why);
	}
	if (e == ERR_OK && c->counted_ms > 0 &&
	    clock_mono_ms() - c->counted_ms < COUNTED_MS)
		crowd_table_sweep_for_counts(t, clock_real_ms());
	/* There are slots of this process without a stream.  Opened again, it
	 * has another number, and those slots are a dead process's. */
	if (e == ERR_OK && crowd_table_own(t) != c->seats)
		replace(c, NULL);
	note(c, e, &why);
	pthread_mutex_unlock(&c->mutex);
}

void
crowd_free(struct crowd *c)
{
	if (c == NULL)
		return;
	queue_crowd_close(c->side);
	pthread_mutex_destroy(&c->mutex);
	mem_free(c->url);
	mem_free(c);
}
