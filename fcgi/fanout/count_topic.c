/* SPDX-License-Identifier: MIT */
/* count_topic.c - keeps topics with their listeners, and frames numbers. */
#include "fanout/count_topic.h"

#include <string.h>

#include "base/mem.h"
#include "mercure/count.h"

/* A topic of 65,536 bytes, each of which JSON writes with six. */
#define EVENT_MAX (UINT32_C(1) << 19)

void
count_topics_init(struct count_topics *t)
{
	TAILQ_INIT(&t->list);
	t->n = 0;
	siphash_key_random(&t->key);
	for (size_t i = 0; i < COUNT_BUCKETS; i++)
		LIST_INIT(&t->buckets[i]);
}

static size_t
bucket_of(const struct count_topics *t, struct slice topic)
{
	struct siphash h;

	siphash_start(&h, &t->key);
	siphash_add(&h, topic);
	return siphash_end(&h) % COUNT_BUCKETS;
}

static struct count_topic *
make(struct count_topics *all, size_t bucket, struct slice topic, uint64_t key)
{
	struct count_topic *t = mem_calloc(1, sizeof(*t) + topic.len);

	if (t == NULL)
		return NULL;
	TAILQ_INIT(&t->listeners);
	t->all = all;
	t->key = key;
	t->sent = COUNT_UNSENT;
	memcpy(t->text, topic.base, topic.len);
	t->topic = (struct slice){ t->text, topic.len };
	TAILQ_INSERT_TAIL(&all->list, t, links);
	LIST_INSERT_HEAD(&all->buckets[bucket], t, same_hash);
	all->n++;
	return t;
}

enum err
count_listen(struct count_listener *l, struct count_topics *all,
    struct subscriber *s, struct slice topic, uint64_t key)
{
	const size_t bucket = bucket_of(all, topic);
	struct count_topic *t;

	LIST_FOREACH (t, &all->buckets[bucket], same_hash)
		if (slice_eq(t->topic, topic))
			break;
	if (t == NULL && (t = make(all, bucket, topic, key)) == NULL)
		return ERR_NOMEM;
	*l = (struct count_listener){
		.topic = t, .subscriber = s, .sent = COUNT_UNSENT
	};
	TAILQ_INSERT_HEAD(&t->listeners, l, links);
	t->listeners_n++;
	return ERR_OK;
}

void
count_unlisten(struct count_listener *l)
{
	struct count_topic *t = l->topic;

	if (t == NULL)
		return;
	l->topic = NULL;
	TAILQ_REMOVE(&t->listeners, l, links);
	if (--t->listeners_n > 0)
		return;
	TAILQ_REMOVE(&t->all->list, t, links);
	LIST_REMOVE(t, same_hash);
	t->all->n--;
	frame_unref(t->frame);
	mem_free(t);
}

void
count_topic_set(struct count_topic *t, uint64_t n, int64_t now_ms)
{
	t->counted_ms = now_ms;
	if (t->known && t->n == n)
		return;
	t->known = true;
	t->n = n;
	frame_unref(t->frame);
	t->frame = NULL;
}

struct frame *
count_topic_frame(struct count_topic *t, enum framing framing)
{
	struct buf text;

	if (t->frame != NULL)
		return t->frame;
	buf_init(&text, EVENT_MAX);
	count_event(&text, t->topic, t->n);
	if (text.err == ERR_OK)
		t->frame = frame_new(framing, buf_view(&text));
	buf_free(&text);
	return t->frame;
}
