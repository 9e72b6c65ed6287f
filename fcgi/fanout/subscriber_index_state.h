/* SPDX-License-Identifier: MIT */
/* subscriber_index_state.h - what the index's own files share. */
#ifndef FANOUT_SUBSCRIBER_INDEX_STATE_H
#define FANOUT_SUBSCRIBER_INDEX_STATE_H

#include "base/siphash.h"
#include "fanout/subscriber_index.h"

/* Bytes of a pattern's literal beginning that are compared at most. */
#define HEAD_MAX 255

/*
 * A pattern's answers about 64 neighbouring events, so that many subscribers
 * that catch up side by side cost as much as one.  A bit stands for a
 * position.
 */
struct subscriber_memo {
	uint64_t block; /* position / 64 */
	uint64_t known, yes;
};

/* One distinct matcher, and the subscriptions to it, by their rights. */
struct subscriber_entry {
	LIST_ENTRY(subscriber_entry) bucket;
	LIST_ENTRY(subscriber_entry) heads; /* unless MATCHER_EXACT */
	LIST_HEAD(, subscription) subscriptions[SUBSCRIBER_RIGHTS];
	struct matcher *matcher;
	struct nfa_cache *cache; /* NULL: does without */
	uint64_t hash, head_hash;
	struct subscriber_memo memo;
};

LIST_HEAD(subscriber_bucket, subscriber_entry);

/* Where a search stands. */
struct subscriber_search {
	struct frame *frame; /* NULL: there is none */
	struct slice exact;  /* topics still to be looked up as they are, */
	struct slice rest;   /* and still to be matched by patterns, */
	struct slice topic;  /* behind this one; base NULL: none begun */
	struct siphash hash; /* of the topic's first `len` bytes, */
	uint64_t head_hash;  /* and its end */
	size_t len;
	bool in_bucket;
	struct subscriber_entry
	    *next; /* to be tried; NULL: its bucket is over */
};

/*
 * Two tables over the same entries: all by their text, patterns by what their
 * topics begin with as well.  A topic is looked up by each of its beginnings
 * that is as long as some pattern's, so patterns that begin otherwise cost
 * nothing.
 */
struct subscriber_index {
	struct subscriber_bucket *buckets, *heads; /* a power of two of each */
	size_t buckets_n, entries, caches_bytes;
	size_t patterns, weight;
	uint32_t heads_n[HEAD_MAX + 1]; /* patterns, by length of their head */
	struct siphash_key text_key, head_key;
	struct subscriber_search search;
	uint64_t mark;
};

/* Which bucket of heads a hash belongs to. */
struct subscriber_bucket *subscriber_index_heads(
    const struct subscriber_index *l, uint64_t hash);

struct subscriber_entry *subscriber_index_entry(
    const struct subscriber_index *l, enum matcher_kind kind,
    struct slice text);

/* Has any subscriber that asked for it these rights or more? */
bool subscriber_entry_serves(
    const struct subscriber_entry *e, enum subscriber_rights least);

#endif
