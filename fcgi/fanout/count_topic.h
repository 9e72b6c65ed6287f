/* SPDX-License-Identifier: MIT */
/* count_topic.h - topics whose number of viewers is listened to. */
#ifndef FANOUT_COUNT_TOPIC_H
#define FANOUT_COUNT_TOPIC_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/siphash.h"
#include "base/slice.h"
#include "wire/frame.h"

struct subscriber;

/* No number was sent, or not to all. */
#define COUNT_UNSENT UINT64_MAX

/* One topic, for as long as somebody listens. */
struct count_topic {
	TAILQ_ENTRY(count_topic) links;
	LIST_ENTRY(count_topic) same_hash;
	struct count_topics *all;
	TAILQ_HEAD(, count_listener) listeners;
	size_t listeners_n;
	uint64_t key; /* crowd_key_topic() */
	bool known;   /* `n` is a number */
	uint64_t n;
	int64_t counted_ms;  /* when it was counted (loop_now()) */
	uint64_t sent;       /* what all listeners have; COUNT_UNSENT */
	struct frame *frame; /* with `n`; NULL: to be made */
	struct slice topic;
	char text[];
};

/* One subscriber that listens to one topic. */
struct count_listener {
	TAILQ_ENTRY(count_listener) links;
	struct count_topic *topic; /* NULL: to none */
	struct subscriber *subscriber;
	uint64_t sent; /* the last number; COUNT_UNSENT */
};

#define COUNT_BUCKETS 1024

/* Owner: loop thread. */
struct count_topics {
	TAILQ_HEAD(, count_topic) list;
	size_t n;
	struct siphash_key key;
	LIST_HEAD(, count_topic) buckets[COUNT_BUCKETS];
};

void count_topics_init(struct count_topics *t);

/* Let `l` listen to a topic with this key for `s`.  ERR_NOMEM. */
enum err count_listen(struct count_listener *l, struct count_topics *t,
    struct subscriber *s, struct slice topic, uint64_t key);

/* A topic without listeners is freed. */
void count_unlisten(struct count_listener *l);

/* It has this number now. */
void count_topic_set(struct count_topic *t, uint64_t n, int64_t now_ms);

/* The event with the number, borrowed; NULL: no memory. */
struct frame *count_topic_frame(struct count_topic *t, enum framing framing);

#endif
