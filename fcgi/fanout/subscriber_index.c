/* SPDX-License-Identifier: MIT */
/* subscriber_index.c - a hash table from matchers to their subscribers. */
#include "base/mem.h"
#include "fanout/subscriber_index_state.h"
#include "match/nfa.h"

#define BUCKETS_MIN 256

/* Memory of all caches by which large templates are matched faster. */
#define CACHES_BYTES_MAX 1048576

static uint64_t
hash_text(
    const struct subscriber_index *l, enum matcher_kind kind, struct slice text)
{
	const char first = (char)kind;
	struct siphash h;

	siphash_start(&h, &l->text_key);
	siphash_add(&h, (struct slice){ &first, 1 });
	siphash_add(&h, text);
	return siphash_end(&h);
}

static uint64_t
hash_head(const struct subscriber_index *l, struct slice head)
{
	struct siphash h;

	siphash_start(&h, &l->head_key);
	siphash_add(&h, head);
	return siphash_end(&h);
}

static struct slice
head_of(const struct subscriber_entry *e)
{
	struct slice head = matcher_head(e->matcher);

	if (head.len > HEAD_MAX)
		head.len = HEAD_MAX;
	return head;
}

struct subscriber_bucket *
subscriber_index_heads(const struct subscriber_index *l, uint64_t hash)
{
	return &l->heads[hash & (l->buckets_n - 1)];
}

struct subscriber_entry *
subscriber_index_entry(
    const struct subscriber_index *l, enum matcher_kind kind, struct slice text)
{
	const uint64_t h = hash_text(l, kind, text);
	struct subscriber_entry *e;

	for (e = LIST_FIRST(&l->buckets[h & (l->buckets_n - 1)]); e != NULL;
	     e = LIST_NEXT(e, bucket))
		if (e->hash == h && matcher_kind(e->matcher) == kind &&
		    slice_eq(matcher_text(e->matcher), text))
			return e;
	return NULL;
}

enum err
subscriber_index_new(struct subscriber_index **out)
{
	struct subscriber_index *l = mem_calloc(1, sizeof(*l));

	if (l == NULL)
		return ERR_NOMEM;
	l->buckets_n = BUCKETS_MIN;
	l->buckets = mem_calloc(l->buckets_n, sizeof(*l->buckets));
	l->heads = mem_calloc(l->buckets_n, sizeof(*l->heads));
	if (l->buckets == NULL || l->heads == NULL) {
		subscriber_index_free(l);
		return ERR_NOMEM;
	}
	siphash_key_random(&l->text_key);
	siphash_key_random(&l->head_key);
	*out = l;
	return ERR_OK;
}

static void
file_entry(struct subscriber_index *l, struct subscriber_entry *e)
{
	size_t mask = l->buckets_n - 1;

	LIST_INSERT_HEAD(&l->buckets[e->hash & mask], e, bucket);
	if (matcher_kind(e->matcher) != MATCHER_EXACT)
		LIST_INSERT_HEAD(&l->heads[e->head_hash & mask], e, heads);
}

/* Twice the buckets once they hold one entry each; without memory, and while
 * a search walks along them, the chains just grow. */
static void
grow(struct subscriber_index *l)
{
	struct subscriber_bucket *old = l->buckets, *old_heads = l->heads;
	struct subscriber_bucket *wide, *heads;
	size_t i, n = l->buckets_n;
	struct subscriber_entry *e;

	if (l->entries < n || l->search.frame != NULL)
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
cache_add(struct subscriber_index *l, struct subscriber_entry *e)
{
	const struct nfa *n = matcher_nfa(e->matcher);
	size_t bytes = n != NULL ? nfa_cache_bytes(n) : 0;

	if (bytes == 0 || bytes > CACHES_BYTES_MAX - l->caches_bytes)
		return;
	if ((e->cache = nfa_cache_new(n)) != NULL)
		l->caches_bytes += bytes;
}

static void
cache_remove(struct subscriber_index *l, struct subscriber_entry *e)
{
	if (e->cache == NULL)
		return;
	l->caches_bytes -= nfa_cache_bytes(matcher_nfa(e->matcher));
	nfa_cache_free(e->cache);
}

static void
count_pattern(struct subscriber_index *l, const struct subscriber_entry *e)
{
	if (matcher_kind(e->matcher) == MATCHER_EXACT)
		return;
	l->heads_n[head_of(e).len]++;
	l->patterns++;
	l->weight += matcher_weight(e->matcher);
}

static void
uncount_pattern(struct subscriber_index *l, const struct subscriber_entry *e)
{
	if (matcher_kind(e->matcher) == MATCHER_EXACT)
		return;
	l->heads_n[head_of(e).len]--;
	l->patterns--;
	l->weight -= matcher_weight(e->matcher);
}

static struct subscriber_entry *
entry_add(struct subscriber_index *l, struct matcher *m)
{
	struct subscriber_entry *e = mem_calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	grow(l);
	for (size_t i = 0; i < SUBSCRIBER_RIGHTS; i++)
		LIST_INIT(&e->subscriptions[i]);
	e->matcher = matcher_ref(m);
	e->hash = hash_text(l, matcher_kind(m), matcher_text(m));
	e->head_hash = hash_head(l, head_of(e));
	file_entry(l, e);
	count_pattern(l, e);
	l->entries++;
	cache_add(l, e);
	return e;
}

static void
entry_remove(struct subscriber_index *l, struct subscriber_entry *e)
{
	/* A search goes on behind it. */
	if (l->search.next == e)
		l->search.next = LIST_NEXT(e, heads);
	LIST_REMOVE(e, bucket);
	if (matcher_kind(e->matcher) != MATCHER_EXACT)
		LIST_REMOVE(e, heads);
	uncount_pattern(l, e);
	cache_remove(l, e);
	matcher_unref(e->matcher);
	mem_free(e);
	l->entries--;
}

enum err
subscriber_index_add(struct subscriber_index *l, struct subscriber *s,
    const struct matcher_list *matchers)
{
	size_t i;

	for (i = 0; i < matchers->n; i++) {
		struct matcher *m = matchers->v[i];
		struct subscription *sub = &s->subscriptions[i];
		struct subscriber_entry *e;

		e = subscriber_index_entry(l, matcher_kind(m), matcher_text(m));
		if (e == NULL && (e = entry_add(l, m)) == NULL) {
			subscriber_index_remove(l, s);
			return ERR_NOMEM;
		}
		sub->entry = e;
		sub->subscriber = s;
		LIST_INSERT_HEAD(&e->subscriptions[s->rights], sub, links);
	}
	return ERR_OK;
}

bool
subscriber_entry_serves(
    const struct subscriber_entry *e, enum subscriber_rights least)
{
	for (size_t i = least; i < SUBSCRIBER_RIGHTS; i++)
		if (!LIST_EMPTY(&e->subscriptions[i]))
			return true;
	return false;
}

void
subscriber_index_remove(struct subscriber_index *l, struct subscriber *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		struct subscription *sub = &s->subscriptions[i];

		if (sub->entry == NULL)
			continue;
		LIST_REMOVE(sub, links);
		if (!subscriber_entry_serves(sub->entry, SUBSCRIBER_PUBLIC))
			entry_remove(l, sub->entry);
		sub->entry = NULL;
	}
}

void
subscriber_index_set_rights(struct subscriber *s, enum subscriber_rights rights)
{
	size_t i;

	if (rights == s->rights)
		return;
	s->rights = rights;
	for (i = 0; i < s->n; i++) {
		struct subscription *sub = &s->subscriptions[i];

		LIST_REMOVE(sub, links);
		LIST_INSERT_HEAD(
		    &sub->entry->subscriptions[rights], sub, links);
	}
}

void
subscriber_index_new_epoch(struct subscriber_index *l)
{
	struct subscriber_entry *e;
	size_t i;

	for (i = 0; i < l->buckets_n; i++)
		for (e = LIST_FIRST(&l->buckets[i]); e != NULL;
		     e = LIST_NEXT(e, bucket))
			e->memo.known = 0;
}

size_t
subscriber_index_patterns(const struct subscriber_index *l)
{
	return l->patterns;
}

size_t
subscriber_index_weight(const struct subscriber_index *l)
{
	return l->weight;
}

void
subscriber_index_free(struct subscriber_index *l)
{
	if (l == NULL)
		return;
	frame_unref(l->search.frame);
	mem_free(l->buckets);
	mem_free(l->heads);
	mem_free(l);
}
