/* SPDX-License-Identifier: MIT */
/* counts.c - counts once a second, and sends what has changed. */
#include "fanout/counts.h"

#include "base/container.h"
#include "base/mem.h"

#define TICK_MS 1000

/* A number that is not older is sent to a new listener as it is. */
#define FRESH_MS 200

/* Events in one turn of the loop: about ten milliseconds of writing. */
#define EVENTS_MAX 2000

struct counts {
	struct loop *loop;
	enum framing framing;
	fanout_count_fn *count;
	void *arg;
	struct loop_timer timer; /* it runs while there are listeners */
	bool runs;
	struct count_topics topics;
};

/* Count some topics; those that cannot be counted stay as they are. */
static void
count_some(struct counts *c, struct count_topic **topics, size_t n)
{
	struct crowd_count *v = mem_calloc(n, sizeof(*v));

	if (v == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		v[i].topic = topics[i]->key;
	if (c->count(c->arg, v, n) == ERR_OK)
		for (size_t i = 0; i < n; i++)
			count_topic_set(topics[i], v[i].n, loop_now(c->loop));
	mem_free(v);
}

static void
count_all(struct counts *c)
{
	struct count_topic **topics = mem_calloc(c->topics.n, sizeof(*topics));
	struct count_topic *t;
	size_t n = 0;

	if (topics == NULL)
		return;
	TAILQ_FOREACH (t, &c->topics.list, links)
		topics[n++] = t;
	count_some(c, topics, n);
	mem_free(topics);
}

/* False: its socket takes no more now. */
static bool
send_number(struct counts *c, struct count_listener *l)
{
	struct subscriber *s = l->subscriber;
	struct frame *frame = count_topic_frame(l->topic, c->framing);

	if (frame == NULL || !subscriber_push(s, frame))
		return false;
	l->sent = l->topic->n;
	s->delivered += s->delivered < UINT32_MAX;
	if (s->state != SUBSCRIBER_LIVE)
		stream_flush(s->stream);
	else if (s->wait == WAIT_NONE)
		subscriber_wait(s, WAIT_FLUSH);
	return true;
}

/* Each listener moves to the end of the list, so that those who were left out
 * are the first the next time.  False: no more events may be sent. */
static bool
send_topic(struct counts *c, struct count_topic *t, size_t *left)
{
	uint64_t sent = t->n;

	for (size_t i = t->listeners_n; i > 0; i--) {
		struct count_listener *l = TAILQ_FIRST(&t->listeners);

		if (*left == 0)
			return false;
		TAILQ_REMOVE(&t->listeners, l, links);
		TAILQ_INSERT_TAIL(&t->listeners, l, links);
		if (l->sent == t->n)
			continue;
		(*left)--;
		if (!send_number(c, l))
			sent = COUNT_UNSENT;
	}
	t->sent = sent;
	return true;
}

/* The topic that is not finished stays the first one. */
static void
send_all(struct counts *c)
{
	size_t left = EVENTS_MAX;

	for (size_t i = c->topics.n; i > 0; i--) {
		struct count_topic *t = TAILQ_FIRST(&c->topics.list);

		if (t->known && t->sent != t->n && !send_topic(c, t, &left))
			return;
		TAILQ_REMOVE(&c->topics.list, t, links);
		TAILQ_INSERT_TAIL(&c->topics.list, t, links);
	}
}

static void
tick(struct loop_timer *timer)
{
	struct counts *c = CONTAINER(struct counts, timer, timer);
	struct count_topic *t = TAILQ_FIRST(&c->topics.list);

	c->runs = false;
	if (t == NULL)
		return;
	/* Its place among the timers is still there, so this does not fail. */
	c->runs = loop_timer_set(c->loop, &c->timer,
		      loop_now(c->loop) + TICK_MS) == ERR_OK;
	count_all(c);
	send_all(c);
	subscriber_host_flush(TAILQ_FIRST(&t->listeners)->subscriber->host);
}

enum err
counts_listen(struct counts *c, struct subscriber *s,
    const struct count_wish *wishes, size_t n)
{
	enum err e = ERR_OK;

	if ((s->counts = mem_calloc(n, sizeof(*s->counts))) == NULL)
		return ERR_NOMEM;
	s->counts_n = n;
	for (size_t i = 0; e == ERR_OK && i < n; i++)
		e = count_listen(&s->counts[i], &c->topics, s,
		    slice_of(wishes[i].topic), wishes[i].key);
	if (e == ERR_OK && !c->runs)
		e = loop_timer_set(
		    c->loop, &c->timer, loop_now(c->loop) + TICK_MS);
	c->runs = c->runs || e == ERR_OK;
	return e;
}

void
counts_begin(struct counts *c, struct subscriber *s)
{
	struct count_topic *stale[CROWD_COUNTS_MAX];
	const int64_t now = loop_now(c->loop);
	size_t n = 0;

	for (size_t i = 0; i < s->counts_n; i++) {
		struct count_topic *t = s->counts[i].topic;

		if (!t->known || now - t->counted_ms > FRESH_MS)
			stale[n++] = t;
	}
	if (n > 0)
		count_some(c, stale, n);
	for (size_t i = 0; i < s->counts_n; i++) {
		struct count_listener *l = &s->counts[i];
		struct frame *frame;

		/* Else it is sent with the next tick. */
		l->topic->sent = COUNT_UNSENT;
		if (!l->topic->known ||
		    (frame = count_topic_frame(l->topic, c->framing)) == NULL)
			continue;
		subscriber_queue(s, frame);
		l->sent = l->topic->n;
	}
}

enum err
counts_new(struct counts **out, struct loop *loop, enum framing framing,
    fanout_count_fn *count, void *arg)
{
	struct counts *c = mem_calloc(1, sizeof(*c));

	if (c == NULL)
		return ERR_NOMEM;
	c->loop = loop;
	c->framing = framing;
	c->count = count;
	c->arg = arg;
	c->timer.fire = tick;
	count_topics_init(&c->topics);
	*out = c;
	return ERR_OK;
}

void
counts_free(struct counts *c)
{
	if (c == NULL)
		return;
	loop_timer_stop(c->loop, &c->timer);
	mem_free(c);
}
