/* SPDX-License-Identifier: MIT */
/* publish.c - appends updates to the queue, or sends them to a hub. */
#include "lib/publish.h"

#include "base/mem.h"
#include "lib/remote.h"
#include "match/topic.h"
#include "match/topic_list.h"
#include "mercure/update.h"

#define ID_MAX 4096 /* more than any hub gives */

/* All topics as one text, the canonical one first; see topic_list.h. */
static enum err
join_topics(struct buf *out, const struct pushcgi_update *u,
    const struct config *c, struct problem *p)
{
	enum err e = ERR_OK;

	if (u->topics_n == 0)
		return problem_set(p, ERR_SYNTAX, "The update has no topic.");
	for (size_t i = 0; e == ERR_OK && i < u->topics_n; i++) {
		const struct slice topic =
		    slice_of(u->topics != NULL ? u->topics[i] : NULL);

		if (topic.base == NULL)
			return problem_set(
			    p, ERR_SYNTAX, "A topic is missing.");
		/* A line break in one would count as a further topic. */
		e = topic_check(topic, c->topic_length_max, p);
		topic_list_add(out, topic);
	}
	return e != ERR_OK ? e : out->err;
}

static enum err
check_data(
    const struct pushcgi_update *u, const struct config *c, struct problem *p)
{
	if (u->data == NULL && u->data_len > 0)
		return problem_set(p, ERR_SYNTAX, "The data is missing.");
	if (u->data_len <= c->body_max)
		return ERR_OK;
	return problem_set(p, ERR_LIMIT,
	    "The data is longer than MERCURE_MAX_BODY allows (%llu bytes).",
	    (unsigned long long)c->body_max);
}

/* The update in the library's own words, all rules checked. */
static enum err
make_box(struct update_box **out, const struct pushcgi_update *given,
    const struct config *c, struct problem *p)
{
	const struct update_limits limits = { .topics_max = c->topics_max,
		.topic_length_max = c->topic_length_max };
	struct update u = { .id = slice_of(given->id),
		.type = slice_of(given->type),
		.data = { given->data_len > 0 ? given->data : "",
		    given->data_len },
		.retry_ms = given->retry_ms,
		.has_retry = (given->flags & PUSHCGI_RETRY) != 0,
		.private = (given->flags & PUSHCGI_PRIVATE) != 0,
		.kind = UPDATE_APPLICATION };
	struct buf topics;
	enum err e;

	buf_init(&topics, SIZE_MAX - 1);
	if ((e = check_data(given, c, p)) != ERR_OK)
		goto out;
	if ((e = join_topics(&topics, given, c, p)) != ERR_OK)
		goto out;
	u.topics = buf_view(&topics);
	if (c->type_is_topic && u.type.len == 0)
		u.type = slice_of(given->topics[0]);
	e = update_new(out, &u, &limits, p);
out:
	buf_free(&topics);
	return e;
}

/* Updates on their way into the queue; each list has `n` places. */
struct batch {
	struct update_box **boxes;
	const struct update **views;
	char **ids;
	size_t n;
};

static void
batch_free(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->boxes != NULL)
			update_free(b->boxes[i]);
		if (b->ids != NULL)
			mem_free(b->ids[i]);
	}
	mem_free(b->boxes);
	mem_free(b->views);
	mem_free(b->ids);
}

/* Make all of them, and copies of their ids: nothing may fail behind the
 * commit.  *at is the one that cannot be. */
static enum err
batch_fill(struct batch *b, const struct pushcgi_update *updates,
    const struct config *c, size_t *at, struct problem *p)
{
	enum err e;

	b->boxes = mem_calloc(b->n, sizeof(struct update_box *));
	b->views = mem_calloc(b->n, sizeof(const struct update *));
	b->ids = mem_calloc(b->n, sizeof(char *));
	if (b->boxes == NULL || b->views == NULL || b->ids == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < b->n; i++) {
		e = make_box(&b->boxes[i], &updates[i], c, p);
		if (e != ERR_OK) {
			*at = i;
			return e;
		}
		b->views[i] = update_view(b->boxes[i]);
		if ((b->ids[i] = mem_text(b->views[i]->id)) == NULL)
			return ERR_NOMEM;
	}
	return ERR_OK;
}

static enum err
publish_here(struct pushcgi *h, char **ids,
    const struct pushcgi_update *updates, size_t n, size_t *at,
    struct problem *p)
{
	struct batch b = { .n = n };
	struct queue *q;
	enum err e;

	if ((e = batch_fill(&b, updates, h->config, at, p)) != ERR_OK)
		goto out;
	if ((e = handle_queue(h, &q, p)) != ERR_OK)
		goto out;
	if ((e = queue_append(q, b.views, n, p)) != ERR_OK)
		goto out;
	queue_wake(q);
	for (size_t i = 0; ids != NULL && i < n; i++) {
		ids[i] = b.ids[i];
		b.ids[i] = NULL;
	}
out:
	batch_free(&b);
	return e;
}

static enum err
publish_one_remote(struct pushcgi *h, char **id, const struct pushcgi_update *u,
    struct problem *p)
{
	struct update_box *box = NULL;
	struct buf text;
	char *stolen;
	enum err e;

	buf_init(&text, ID_MAX);
	if ((e = make_box(&box, u, h->config, p)) != ERR_OK)
		goto out;
	e = remote_publish(h, &text, update_view(box), slice_of(u->id), p);
	if (e != ERR_OK || id == NULL)
		goto out;
	if ((stolen = buf_steal(&text)) == NULL) {
		e = ERR_NOMEM;
		goto out;
	}
	*id = stolen;
out:
	update_free(box);
	buf_free(&text);
	return e;
}

static enum err
publish_remote(struct pushcgi *h, char **ids,
    const struct pushcgi_update *updates, size_t n, size_t *at,
    struct problem *p)
{
	enum err e;

	for (size_t i = 0; i < n; i++) {
		e = publish_one_remote(
		    h, ids != NULL ? &ids[i] : NULL, &updates[i], p);
		if (e != ERR_OK) {
			*at = i;
			return e;
		}
	}
	return ERR_OK;
}

enum err
handle_publish(struct pushcgi *h, char **ids,
    const struct pushcgi_update *updates, size_t n, size_t *at,
    struct problem *p)
{
	*at = n;
	if (n == 0)
		return ERR_OK;
	return handle_is_remote(h) ? publish_remote(h, ids, updates, n, at, p)
				   : publish_here(h, ids, updates, n, at, p);
}
