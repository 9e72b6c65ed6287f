/* SPDX-License-Identifier: MIT */
/* subscriber_list.c - a hash table of distinct matchers with their subscribers. */
#include "subscriber_list.h"

#include <sys/random.h>

#include "mem.h"
#include "topic.h"

#define BUCKETS_MIN 256

/* What large templates may take to be matched faster, all together. */
#define CACHES_BYTES_MAX 1048576

/* One distinct matcher. */
struct subscriber_entry {
	LIST_ENTRY(subscriber_entry) bucket;
	TAILQ_ENTRY(subscriber_entry) patterns; /* unless MATCHER_EXACT */
	LIST_HEAD(, subscription) subscriptions;
	struct matcher *matcher;
	struct nfa_cache *cache; /* NULL: does without */
	uint64_t hash;
};

LIST_HEAD(bucket, subscriber_entry);

struct subscriber_list {
	struct bucket *buckets; /* a power of two of them */
	size_t buckets_n, entries, caches_bytes;
	TAILQ_HEAD(, subscriber_entry) patterns;
	uint64_t seed; /* keeps strangers from choosing collisions */
	uint64_t mark;
};

/* FNV-1a from a secret start. */
static uint64_t
hash(const struct subscriber_list *l, enum matcher_kind kind, struct slice text)
{
	uint64_t h = l->seed ^ (uint64_t)kind;
	size_t i;

	for (i = 0; i < text.len; i++)
		h = (h ^ (uint8_t)text.base[i]) * 0x100000001b3;
	return h ^ h >> 32;
}

static struct bucket *
bucket(const struct subscriber_list *l, uint64_t h)
{
	return &l->buckets[h & (l->buckets_n - 1)];
}

static struct subscriber_entry *
entry_find(
    const struct subscriber_list *l, enum matcher_kind kind, struct slice text)
{
	uint64_t h = hash(l, kind, text);
	struct subscriber_entry *e;

	LIST_FOREACH(e, bucket(l, h), bucket)
	if (e->hash == h && matcher_kind(e->matcher) == kind &&
	    slice_eq(matcher_text(e->matcher), text))
		return e;
	return NULL;
}

enum err
subscriber_list_new(struct subscriber_list **out)
{
	struct subscriber_list *l = mem_calloc(1, sizeof(*l));

	if (l == NULL)
		return ERR_NOMEM;
	TAILQ_INIT(&l->patterns);
	l->buckets_n = BUCKETS_MIN;
	l->buckets = mem_calloc(l->buckets_n, sizeof(*l->buckets));
	if (l->buckets == NULL) {
		mem_free(l);
		return ERR_NOMEM;
	}
	if (getrandom(&l->seed, sizeof(l->seed), 0) < 0)
		l->seed = (uint64_t)(uintptr_t)l;
	*out = l;
	return ERR_OK;
}

/* Twice the buckets once they hold one entry each; without memory the
 * chains just grow. */
static void
grow(struct subscriber_list *l)
{
	struct bucket *old = l->buckets, *wide;
	size_t i, n = l->buckets_n;
	struct subscriber_entry *e;

	if (l->entries < n || (wide = mem_calloc(n * 2, sizeof(*wide))) == NULL)
		return;
	l->buckets = wide;
	l->buckets_n = n * 2;
	for (i = 0; i < n; i++)
		while ((e = LIST_FIRST(&old[i])) != NULL) {
			LIST_REMOVE(e, bucket);
			LIST_INSERT_HEAD(bucket(l, e->hash), e, bucket);
		}
	mem_free(old);
}

/* Give it a cache if that is of use and there is room; it is a luxury. */
static void
cache_add(struct subscriber_list *l, struct subscriber_entry *e)
{
	const struct nfa *n = matcher_nfa(e->matcher);
	size_t bytes = n != NULL ? nfa_cache_bytes(n) : 0;

	if (bytes == 0 || bytes > CACHES_BYTES_MAX - l->caches_bytes)
		return;
	if ((e->cache = nfa_cache_new(n)) != NULL)
		l->caches_bytes += bytes;
}

static void
cache_remove(struct subscriber_list *l, struct subscriber_entry *e)
{
	if (e->cache == NULL)
		return;
	l->caches_bytes -= nfa_cache_bytes(matcher_nfa(e->matcher));
	nfa_cache_free(e->cache);
}

static bool
entry_matches(const struct subscriber_entry *e, struct slice topic)
{
	return matcher_matches_cached(e->matcher, e->cache, topic);
}

static struct subscriber_entry *
entry_add(struct subscriber_list *l, struct matcher *m)
{
	struct subscriber_entry *e = mem_calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	grow(l);
	LIST_INIT(&e->subscriptions);
	e->matcher = matcher_ref(m);
	e->hash = hash(l, matcher_kind(m), matcher_text(m));
	LIST_INSERT_HEAD(bucket(l, e->hash), e, bucket);
	if (matcher_kind(m) != MATCHER_EXACT)
		TAILQ_INSERT_TAIL(&l->patterns, e, patterns);
	l->entries++;
	cache_add(l, e);
	return e;
}

static void
entry_remove(struct subscriber_list *l, struct subscriber_entry *e)
{
	LIST_REMOVE(e, bucket);
	if (matcher_kind(e->matcher) != MATCHER_EXACT)
		TAILQ_REMOVE(&l->patterns, e, patterns);
	cache_remove(l, e);
	matcher_unref(e->matcher);
	mem_free(e);
	l->entries--;
}

enum err
subscriber_list_add(struct subscriber_list *l, struct subscriber *s,
    const struct matcher_list *matchers)
{
	size_t i;

	for (i = 0; i < matchers->n; i++) {
		struct matcher *m = matchers->v[i];
		struct subscription *sub = &s->subscriptions[i];
		struct subscriber_entry *e;

		e = entry_find(l, matcher_kind(m), matcher_text(m));
		if (e == NULL && (e = entry_add(l, m)) == NULL) {
			subscriber_list_remove(l, s);
			return ERR_NOMEM;
		}
		sub->entry = e;
		sub->subscriber = s;
		LIST_INSERT_HEAD(&e->subscriptions, sub, links);
	}
	return ERR_OK;
}

void
subscriber_list_remove(struct subscriber_list *l, struct subscriber *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		struct subscription *sub = &s->subscriptions[i];

		if (sub->entry == NULL)
			continue;
		LIST_REMOVE(sub, links);
		if (LIST_EMPTY(&sub->entry->subscriptions))
			entry_remove(l, sub->entry);
		sub->entry = NULL;
	}
}

static void
entry_hit(const struct subscriber_list *l, struct subscriber_entry *e,
    struct frame *f, subscriber_found_fn *found)
{
	struct subscription *sub;

	LIST_FOREACH(sub, &e->subscriptions, links)
	{
		struct subscriber *s = sub->subscriber;

		if (s->mark == l->mark)
			continue;
		s->mark = l->mark;
		found(s, f);
	}
}

void
subscriber_list_find(
    struct subscriber_list *l, struct frame *f, subscriber_found_fn *found)
{
	struct slice rest = f->topics, topic;
	struct subscriber_entry *e;

	l->mark++;
	while (topic_next(&rest, &topic)) {
		if ((e = entry_find(l, MATCHER_EXACT, topic)) != NULL)
			entry_hit(l, e, f, found);
		TAILQ_FOREACH(e, &l->patterns, patterns)
		if (entry_matches(e, topic))
			entry_hit(l, e, f, found);
	}
}

bool
subscriber_list_asked(const struct subscriber *s, struct slice topics)
{
	struct slice rest, topic;
	size_t i;

	for (i = 0; i < s->n; i++) {
		rest = topics;
		while (topic_next(&rest, &topic))
			if (entry_matches(s->subscriptions[i].entry, topic))
				return true;
	}
	return false;
}

void
subscriber_list_free(struct subscriber_list *l)
{
	if (l == NULL)
		return;
	mem_free(l->buckets);
	mem_free(l);
}
