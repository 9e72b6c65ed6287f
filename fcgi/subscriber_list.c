/* SPDX-License-Identifier: MIT */
/* subscriber_list.c - a hash table of distinct matchers with their subscribers. */
#include "subscriber_list.h"

#include <sys/random.h>

#include "mem.h"
#include "nfa.h"
#include "topic.h"

#define BUCKETS_MIN 256

/* What large templates may take to be matched faster, all together. */
#define CACHES_BYTES_MAX 1048576

/* What patterns begin with is compared up to here. */
#define HEAD_MAX 255

/* One distinct matcher. */
struct subscriber_entry {
	LIST_ENTRY(subscriber_entry) bucket;
	LIST_ENTRY(subscriber_entry) heads; /* unless MATCHER_EXACT */
	LIST_HEAD(, subscription) subscriptions;
	struct matcher *matcher;
	struct nfa_cache *cache; /* NULL: does without */
	uint64_t hash, head_hash;
};

LIST_HEAD(bucket, subscriber_entry);

/*
 * Two tables over the same entries: all by their text, patterns by what their
 * topics begin with as well.  A topic is looked up by each of its beginnings
 * that is as long as some pattern's, so patterns that begin otherwise cost
 * nothing.
 */
struct subscriber_list {
	struct bucket *buckets, *heads; /* a power of two of each */
	size_t buckets_n, entries, caches_bytes;
	uint32_t heads_n[HEAD_MAX + 1]; /* patterns, by length of their head */
	uint64_t seed; /* keeps strangers from choosing collisions */
	uint64_t mark;
};

/* FNV-1a from a secret start. */
static uint64_t
hash_byte(uint64_t h, char c)
{
	return (h ^ (uint8_t)c) * 0x100000001b3;
}

static uint64_t
hash_end(uint64_t h)
{
	return h ^ h >> 32;
}

static uint64_t
hash(uint64_t h, struct slice text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		h = hash_byte(h, text.base[i]);
	return hash_end(h);
}

static uint64_t
hash_start(const struct subscriber_list *l, enum matcher_kind kind)
{
	return l->seed ^ (uint64_t)kind;
}

/* Another start than that of any kind. */
static uint64_t
head_start(const struct subscriber_list *l)
{
	return ~l->seed;
}

static struct slice
head_of(const struct subscriber_entry *e)
{
	struct slice head = matcher_head(e->matcher);

	if (head.len > HEAD_MAX)
		head.len = HEAD_MAX;
	return head;
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
	uint64_t h = hash(hash_start(l, kind), text);
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
	l->buckets_n = BUCKETS_MIN;
	l->buckets = mem_calloc(l->buckets_n, sizeof(*l->buckets));
	l->heads = mem_calloc(l->buckets_n, sizeof(*l->heads));
	if (l->buckets == NULL || l->heads == NULL) {
		subscriber_list_free(l);
		return ERR_NOMEM;
	}
	if (getrandom(&l->seed, sizeof(l->seed), 0) < 0)
		l->seed = (uint64_t)(uintptr_t)l;
	*out = l;
	return ERR_OK;
}

static void
file_entry(struct subscriber_list *l, struct subscriber_entry *e)
{
	size_t mask = l->buckets_n - 1;

	LIST_INSERT_HEAD(&l->buckets[e->hash & mask], e, bucket);
	if (matcher_kind(e->matcher) != MATCHER_EXACT)
		LIST_INSERT_HEAD(&l->heads[e->head_hash & mask], e, heads);
}

/* Twice the buckets once they hold one entry each; without memory the
 * chains just grow. */
static void
grow(struct subscriber_list *l)
{
	struct bucket *old = l->buckets, *old_heads = l->heads, *wide, *heads;
	size_t i, n = l->buckets_n;
	struct subscriber_entry *e;

	if (l->entries < n)
		return;
	wide = mem_calloc(n * 2, sizeof(*wide));
	heads = mem_calloc(n * 2, sizeof(*heads));
	if (wide == NULL || heads == NULL) {
		mem_free(wide);
		mem_free(heads);
		return;
	}
	l->buckets = wide;
	l->heads = heads;
	l->buckets_n = n * 2;
	for (i = 0; i < n; i++)
		while ((e = LIST_FIRST(&old[i])) != NULL) {
			LIST_REMOVE(e, bucket);
			if (matcher_kind(e->matcher) != MATCHER_EXACT)
				LIST_REMOVE(e, heads);
			file_entry(l, e);
		}
	mem_free(old);
	mem_free(old_heads);
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
	e->hash = hash(hash_start(l, matcher_kind(m)), matcher_text(m));
	e->head_hash = hash(head_start(l), head_of(e));
	file_entry(l, e);
	if (matcher_kind(m) != MATCHER_EXACT)
		l->heads_n[head_of(e).len]++;
	l->entries++;
	cache_add(l, e);
	return e;
}

static void
entry_remove(struct subscriber_list *l, struct subscriber_entry *e)
{
	LIST_REMOVE(e, bucket);
	if (matcher_kind(e->matcher) != MATCHER_EXACT) {
		LIST_REMOVE(e, heads);
		l->heads_n[head_of(e).len]--;
	}
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

/* Try the patterns whose heads have this hash; what their matchers say is
 * all that counts. */
static void
find_by_head(struct subscriber_list *l, uint64_t h, struct slice topic,
    struct frame *f, subscriber_found_fn *found)
{
	struct subscriber_entry *e;

	LIST_FOREACH(e, &l->heads[h & (l->buckets_n - 1)], heads)
	if (e->head_hash == h && entry_matches(e, topic))
		entry_hit(l, e, f, found);
}

static void
find_patterns(struct subscriber_list *l, struct slice topic, struct frame *f,
    subscriber_found_fn *found)
{
	uint64_t h = head_start(l);
	size_t len;

	for (len = 0;; len++) {
		if (l->heads_n[len] > 0)
			find_by_head(l, hash_end(h), topic, f, found);
		if (len == topic.len || len == HEAD_MAX)
			break;
		h = hash_byte(h, topic.base[len]);
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
		find_patterns(l, topic, f, found);
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
	mem_free(l->heads);
	mem_free(l);
}
