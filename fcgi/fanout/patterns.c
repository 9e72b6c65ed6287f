/* SPDX-License-Identifier: MIT */
/* patterns.c - a hash table of distinct patterns and their owners. */
#include "fanout/patterns.h"

#include <pthread.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "base/siphash.h"

#define BUCKETS 1024

struct client {
	LIST_ENTRY(client) links;
	uint64_t key;
	size_t refs;     /* patterns that it pays for, and callers */
	uint64_t weight; /* of those patterns */
};

struct pattern {
	LIST_ENTRY(pattern) links;
	struct matcher *matcher;
	uint64_t hash;
	size_t claims;
	struct client *client; /* NULL: not known */
	bool anonymous;
};

struct patterns {
	pthread_mutex_t mutex; /* guards all below, and all claims */
	LIST_HEAD(, pattern) patterns[BUCKETS];
	LIST_HEAD(, client) clients[BUCKETS];
	struct siphash_key key;
	uint64_t weight, anonymous_weight;
};

struct pattern_claim {
	struct patterns *of;
	size_t n;
	struct pattern *v[];
};

enum err
patterns_new(struct patterns **out)
{
	struct patterns *p = mem_calloc(1, sizeof(*p));

	if (p == NULL)
		return ERR_NOMEM;
	siphash_key_random(&p->key);
	pthread_mutex_init(&p->mutex, NULL);
	*out = p;
	return ERR_OK;
}

/* Addresses and tokens hash differently, so that neither is taken for the
 * other. */
static uint64_t
hash(const struct patterns *p, bool anonymous, struct slice text)
{
	struct siphash h;

	siphash_start(&h, &p->key);
	siphash_add(&h, (struct slice){ anonymous ? "a" : "t", 1 });
	siphash_add(&h, text);
	return siphash_end(&h);
}

static struct pattern *
find_pattern(struct patterns *p, uint64_t h, const struct matcher *m)
{
	struct pattern *x;

	LIST_FOREACH (x, &p->patterns[h % BUCKETS], links)
		if (x->hash == h &&
		    matcher_kind(x->matcher) == matcher_kind(m) &&
		    slice_eq(matcher_text(x->matcher), matcher_text(m)))
			return x;
	return NULL;
}

static struct client *
find_client(struct patterns *p, uint64_t key)
{
	struct client *c;

	LIST_FOREACH (c, &p->clients[key % BUCKETS], links)
		if (c->key == key)
			return c;
	return NULL;
}

static enum err
check(const struct patterns *p, const struct client *c, size_t weight,
    bool anonymous, const struct pattern_limits *limits, struct problem *why)
{
	if (c != NULL && limits->per_client > 0 &&
	    c->weight + weight > limits->per_client)
		return problem_set(why, ERR_LIMIT,
		    "The streams of your access token, or of your address, "
		    "bring as many patterns as they may together "
		    "(MERCURE_MAX_PATTERN_WEIGHT_PER_CLIENT).");
	if (limits->total > 0 &&
	    (p->weight + weight > limits->total ||
		(anonymous &&
		    p->anonymous_weight + weight > limits->total / 2)))
		return problem_set(why, ERR_LIMIT,
		    "The hub matches as many different patterns as it may "
		    "(MERCURE_MAX_PATTERN_WEIGHT).");
	return ERR_OK;
}

/* Add its weight to its client's sum and to all sums. */
static void
count(struct patterns *p, struct pattern *x)
{
	const size_t weight = matcher_weight(x->matcher);

	p->weight += weight;
	if (x->anonymous)
		p->anonymous_weight += weight;
	if (x->client != NULL)
		x->client->weight += weight;
}

static void
uncount(struct patterns *p, struct pattern *x)
{
	const size_t weight = matcher_weight(x->matcher);

	p->weight -= weight;
	if (x->anonymous)
		p->anonymous_weight -= weight;
	if (x->client != NULL)
		x->client->weight -= weight;
}

static struct client *
client_ref(struct client *c)
{
	if (c != NULL)
		c->refs++;
	return c;
}

static void
client_unref(struct client *c)
{
	if (c == NULL || --c->refs > 0)
		return;
	LIST_REMOVE(c, links);
	mem_free(c);
}

/* The client that pays, with one reference; NULL: it is not known. 
 * ERR_NOMEM. */
static enum err
claim_client(
    struct client **out, struct patterns *p, const struct pattern_client *who)
{
	uint64_t key;

	*out = NULL;
	if (who->id.base == NULL)
		return ERR_OK;
	key = hash(p, who->anonymous, who->id);
	if ((*out = client_ref(find_client(p, key))) != NULL)
		return ERR_OK;
	if ((*out = mem_calloc(1, sizeof(**out))) == NULL)
		return ERR_NOMEM;
	(*out)->key = key;
	(*out)->refs = 1;
	LIST_INSERT_HEAD(&p->clients[key % BUCKETS], *out, links);
	return ERR_OK;
}

/* A pattern that nobody has claimed yet. */
static enum err
add_pattern(struct pattern **out, struct patterns *p, uint64_t h,
    struct matcher *m, struct client *c, bool anonymous)
{
	struct pattern *x = mem_calloc(1, sizeof(*x));

	if (x == NULL)
		return ERR_NOMEM;
	x->matcher = matcher_ref(m);
	x->hash = h;
	x->client = client_ref(c);
	x->anonymous = anonymous;
	LIST_INSERT_HEAD(&p->patterns[h % BUCKETS], x, links);
	count(p, x);
	*out = x;
	return ERR_OK;
}

static enum err
claim_one(struct pattern_claim *claim, struct matcher *m, struct client *c,
    bool anonymous, const struct pattern_limits *limits, struct problem *why)
{
	struct patterns *p = claim->of;
	const uint64_t h = hash(p, false, matcher_text(m));
	struct pattern *x = find_pattern(p, h, m);
	enum err e = ERR_OK;

	if (x == NULL && (e = check(p, c, matcher_weight(m), anonymous, limits,
			      why)) == ERR_OK)
		e = add_pattern(&x, p, h, m, c, anonymous);
	if (e != ERR_OK)
		return e;
	x->claims++;
	claim->v[claim->n++] = x;
	return ERR_OK;
}

static void
give_back(struct pattern_claim *claim)
{
	while (claim->n > 0) {
		struct pattern *x = claim->v[--claim->n];

		if (--x->claims > 0)
			continue;
		uncount(claim->of, x);
		client_unref(x->client);
		LIST_REMOVE(x, links);
		matcher_unref(x->matcher);
		mem_free(x);
	}
}

static enum err
claim_all(struct pattern_claim *claim, const struct matcher_list *l,
    const struct pattern_client *who, const struct pattern_limits *limits,
    struct problem *p)
{
	struct client *c;
	enum err e = claim_client(&c, claim->of, who);

	for (size_t i = 0; e == ERR_OK && i < l->n; i++)
		if (matcher_weight(l->v[i]) > 0)
			e = claim_one(
			    claim, l->v[i], c, who->anonymous, limits, p);
	if (e != ERR_OK)
		give_back(claim);
	client_unref(c);
	return e;
}

static size_t
count_patterns(const struct matcher_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += matcher_weight(l->v[i]) > 0;
	return n;
}

enum err
patterns_claim(struct pattern_claim **out, struct patterns *p,
    const struct matcher_list *l, const struct pattern_client *who,
    const struct pattern_limits *limits, struct problem *why)
{
	const size_t n = count_patterns(l);
	struct pattern_claim *claim;
	enum err e;

	*out = NULL;
	if (n == 0)
		return ERR_OK;
	claim = mem_calloc(1, sizeof(*claim) + n * sizeof(claim->v[0]));
	if (claim == NULL)
		return ERR_NOMEM;
	claim->of = p;
	pthread_mutex_lock(&p->mutex);
	e = claim_all(claim, l, who, limits, why);
	pthread_mutex_unlock(&p->mutex);
	if (e == ERR_OK)
		*out = claim;
	else
		mem_free(claim);
	return e;
}

void
pattern_claim_free(struct pattern_claim *c)
{
	struct patterns *p;

	if (c == NULL)
		return;
	p = c->of;
	pthread_mutex_lock(&p->mutex);
	give_back(c);
	pthread_mutex_unlock(&p->mutex);
	mem_free(c);
}

uint64_t
patterns_weight(struct patterns *p)
{
	uint64_t weight;

	pthread_mutex_lock(&p->mutex);
	weight = p->weight;
	pthread_mutex_unlock(&p->mutex);
	return weight;
}

void
patterns_free(struct patterns *p)
{
	if (p == NULL)
		return;
	pthread_mutex_destroy(&p->mutex);
	mem_free(p);
}
