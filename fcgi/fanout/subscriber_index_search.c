/* SPDX-License-Identifier: MIT */
/* subscriber_index_search.c - finds an event's subscribers, in parts. */
#include "base/mem.h"
#include "fanout/subscriber_index_state.h"
#include "match/topic_list.h"

/* The cost of looking up a topic, or a beginning of one, besides its bytes. */
#define LOOK_UP_STEPS 16

#define MEMO_BITS 64

static void
hit(const struct subscriber_index *l, struct subscriber_entry *e,
    struct frame *f, subscriber_found_fn *found)
{
	struct subscription *sub;
	size_t i;

	for (i = f->rights; i < SUBSCRIBER_RIGHTS; i++)
		for (sub = LIST_FIRST(&e->subscriptions[i]); sub != NULL;
		     sub = LIST_NEXT(sub, links)) {
			struct subscriber *s = sub->subscriber;

			if (s->mark == l->mark)
				continue;
			s->mark = l->mark;
			found(s, f);
		}
}

void
subscriber_search_begin(struct subscriber_index *l, struct frame *f)
{
	l->mark++;
	l->search = (struct subscriber_search){
		.frame = frame_ref(f), .exact = f->topics, .rest = f->topics
	};
}

/* One topic, as it is.  False: there are no more. */
static bool
look_up(struct subscriber_index *l, subscriber_found_fn *found, size_t *steps)
{
	struct subscriber_search *s = &l->search;
	struct subscriber_entry *e;
	struct slice topic;

	if (!topic_list_next(&s->exact, &topic))
		return false;
	*steps += LOOK_UP_STEPS + topic.len;
	e = subscriber_index_entry(l, MATCHER_EXACT, topic);
	if (e != NULL)
		hit(l, e, s->frame, found);
	return true;
}

static bool
begin_topic(struct subscriber_index *l)
{
	struct subscriber_search *s = &l->search;

	if (!topic_list_next(&s->rest, &s->topic))
		return false;
	siphash_start(&s->hash, &l->head_key);
	s->len = 0;
	s->in_bucket = false;
	return true;
}

/* The next beginning of the topic. */
static void
lengthen(struct subscriber_search *s)
{
	s->in_bucket = false;
	if (s->len == s->topic.len || s->len == HEAD_MAX) {
		s->topic.base = NULL;
		return;
	}
	siphash_add(&s->hash, (struct slice){ s->topic.base + s->len, 1 });
	s->len++;
}

static void
enter_bucket(struct subscriber_index *l, size_t *steps)
{
	struct subscriber_search *s = &l->search;

	*steps += LOOK_UP_STEPS;
	s->head_hash = siphash_end(&s->hash);
	s->next = LIST_FIRST(subscriber_index_heads(l, s->head_hash));
	s->in_bucket = true;
}

/* Try one pattern whose head has this hash.  Heads with the same hash may
 * differ, so its matcher decides. */
static void
try_next(struct subscriber_index *l, subscriber_found_fn *found, size_t *steps)
{
	struct subscriber_search *s = &l->search;
	struct subscriber_entry *e = s->next;

	s->next = LIST_NEXT(e, heads);
	++*steps;
	if (e->head_hash == s->head_hash &&
	    subscriber_entry_serves(
		e, (enum subscriber_rights)s->frame->rights) &&
	    matcher_matches_cached(e->matcher, e->cache, s->topic, steps))
		hit(l, e, s->frame, found);
}

/* One small step: try a pattern, or find the next ones.  False: all are
 * tried. */
static bool
match(struct subscriber_index *l, subscriber_found_fn *found, size_t *steps)
{
	struct subscriber_search *s = &l->search;

	if (s->topic.base == NULL)
		return begin_topic(l);
	if (s->next != NULL)
		try_next(l, found, steps);
	else if (s->in_bucket || l->heads_n[s->len] == 0)
		lengthen(s);
	else
		enter_bucket(l, steps);
	return true;
}

bool
subscriber_search_go_on(struct subscriber_index *l, subscriber_found_fn *found,
    size_t *steps, size_t steps_max)
{
	struct subscriber_search *s = &l->search;
	bool more = true;

	while (more && *steps < steps_max)
		more = look_up(l, found, steps) || match(l, found, steps);
	if (more)
		return false;
	frame_unref(s->frame);
	s->frame = NULL;
	return true;
}

static bool
entry_asked(
    const struct subscriber_entry *e, struct slice topics, size_t *steps)
{
	struct slice topic;

	while (topic_list_next(&topics, &topic))
		if (matcher_matches_cached(e->matcher, e->cache, topic, steps))
			return true;
	return false;
}

/* Use the pattern's known answer about this event, if there is one. */
static bool
entry_asked_once(
    struct subscriber_entry *e, const struct frame *f, size_t *steps)
{
	struct subscriber_memo *m = &e->memo;
	const uint64_t block = f->at / MEMO_BITS;
	const uint64_t bit = UINT64_C(1) << f->at % MEMO_BITS;

	if (m->block != block)
		*m = (struct subscriber_memo){ .block = block };
	++*steps;
	if ((m->known & bit) == 0) {
		m->known |= bit;
		if (entry_asked(e, f->topics, steps))
			m->yes |= bit;
	}
	return (m->yes & bit) != 0;
}

bool
subscriber_asked(
    const struct subscriber *s, const struct frame *f, size_t *steps)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		struct subscriber_entry *e = s->subscriptions[i].entry;

		if (matcher_kind(e->matcher) == MATCHER_TEMPLATE
			? entry_asked_once(e, f, steps)
			: entry_asked(e, f->topics, steps))
			return true;
	}
	return false;
}
