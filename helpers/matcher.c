/* SPDX-License-Identifier: MIT */
/* matcher.c - compiled selectors, and lists of them. */
#include "matcher.h"

#include <stdatomic.h>

#include "mem.h"
#include "topic.h"

struct matcher {
	atomic_size_t refs;
	enum matcher_kind kind;
	size_t len;
	char text[];
};

enum err
matcher_new(struct matcher **out, enum matcher_kind kind, struct slice text)
{
	struct matcher *m = mem_calloc(1, sizeof(*m) + text.len);

	if (m == NULL)
		return ERR_NOMEM;
	atomic_init(&m->refs, 1);
	m->kind = kind;
	m->len = text.len;
	if (text.len > 0)
		memcpy(m->text, text.base, text.len);
	*out = m;
	return ERR_OK;
}

enum err
matcher_from_selector(struct matcher **out, struct slice selector)
{
	return matcher_new(out,
	    slice_is(selector, "*") ? MATCHER_ANY : MATCHER_EXACT, selector);
}

enum matcher_kind
matcher_kind(const struct matcher *m)
{
	return m->kind;
}

struct slice
matcher_text(const struct matcher *m)
{
	return (struct slice){ m->text, m->len };
}

bool
matcher_matches(const struct matcher *m, struct slice topic)
{
	switch (m->kind) {
	case MATCHER_ANY:
		return true;
	case MATCHER_EXACT:
		return slice_eq(matcher_text(m), topic);
	}
	return false;
}

struct matcher *
matcher_ref(struct matcher *m)
{
	atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

void
matcher_unref(struct matcher *m)
{
	if (m != NULL &&
	    atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) == 1)
		mem_free(m);
}

enum err
matcher_list_add(struct matcher_list *l, struct matcher *m)
{
	/* The room is the next power of two: no field for it is needed. */
	if ((l->n & (l->n - 1)) == 0) {
		size_t room = l->n == 0 ? 1 : l->n * 2;
		struct matcher **v = mem_realloc(l->v, room * sizeof(*v));

		if (v == NULL)
			return ERR_NOMEM;
		l->v = v;
	}
	l->v[l->n++] = m;
	return ERR_OK;
}

static bool
list_matches(const struct matcher_list *l, struct slice topic)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (matcher_matches(l->v[i], topic))
			return true;
	return false;
}

bool
matcher_list_any(const struct matcher_list *l, struct slice topics)
{
	struct slice topic;

	while (topic_next(&topics, &topic))
		if (list_matches(l, topic))
			return true;
	return false;
}

bool
matcher_list_every(const struct matcher_list *l, struct slice topics)
{
	struct slice topic;

	/* No topic at all must not read as "all of them are allowed". */
	if (l->n == 0 || topics.base == NULL)
		return false;
	while (topic_next(&topics, &topic))
		if (!list_matches(l, topic))
			return false;
	return true;
}

void
matcher_list_free(struct matcher_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		matcher_unref(l->v[i]);
	mem_free(l->v);
	*l = (struct matcher_list){ NULL, 0 };
}
