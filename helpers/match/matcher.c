/* SPDX-License-Identifier: MIT */
/* matcher.c - compiled selectors, and lists of them. */
#include "match/matcher.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "match/nfa.h"
#include "match/topic.h"
#include "match/uritemplate.h"

/* The cost of a call with a comparison; most topics are a few words long. */
#define COMPARISON_STEPS 8

_Static_assert(MATCHER_WEIGHT_MAX >= NFA_WORK_MAX &&
		   MATCHER_WEIGHT_MAX >= NFA_BYTES_MAX / 1024,
    "what a weight is made of");

struct matcher {
	atomic_size_t refs;
	enum matcher_kind kind;
	struct uritemplate *template; /* MATCHER_TEMPLATE */
	size_t len;
	char text[];
};

enum err
matcher_new(struct matcher **out, enum matcher_kind kind, struct slice text,
    struct problem *f)
{
	struct matcher *m = mem_calloc(1, sizeof(*m) + text.len);
	enum err e = ERR_OK;

	if (m == NULL)
		return ERR_NOMEM;
	if (kind == MATCHER_TEMPLATE)
		e = uritemplate_new(&m->template, text, f);
	if (e != ERR_OK) {
		mem_free(m);
		return e;
	}
	atomic_init(&m->refs, 1);
	m->kind = kind;
	m->len = text.len;
	if (text.len > 0)
		memcpy(m->text, text.base, text.len);
	*out = m;
	return ERR_OK;
}

enum err
matcher_from_selector(
    struct matcher **out, struct slice selector, struct problem *f)
{
	enum err e = ERR_SYNTAX;

	if (slice_is(selector, "*"))
		return matcher_new(out, MATCHER_ANY, selector, f);
	if (selector.len > 0 && memchr(selector.base, '{', selector.len))
		e = matcher_new(out, MATCHER_TEMPLATE, selector, f);
	if (e != ERR_SYNTAX)
		return e;
	return matcher_new(out, MATCHER_EXACT, selector, f);
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

struct slice
matcher_head(const struct matcher *m)
{
	switch (m->kind) {
	case MATCHER_ANY:
		return slice_of("");
	case MATCHER_EXACT:
		return matcher_text(m);
	case MATCHER_TEMPLATE:
		return uritemplate_head(m->template);
	}
	return slice_of("");
}

const struct nfa *
matcher_nfa(const struct matcher *m)
{
	return m->template != NULL ? uritemplate_nfa(m->template) : NULL;
}

size_t
matcher_weight(const struct matcher *m)
{
	const struct nfa *n = matcher_nfa(m);
	size_t work, kib;

	if (n == NULL)
		return 0;
	work = nfa_work(n);
	kib = (nfa_bytes(n) + 1023) / 1024;
	return work > kib ? work : kib;
}

bool
matcher_matches_cached(const struct matcher *m, struct nfa_cache *cache,
    struct slice topic, size_t *steps)
{
	*steps += COMPARISON_STEPS;
	switch (m->kind) {
	case MATCHER_ANY:
		return true;
	case MATCHER_EXACT:
		return slice_eq(matcher_text(m), topic);
	case MATCHER_TEMPLATE:
		return slice_eq(matcher_text(m), topic) ||
		       uritemplate_matches(m->template, cache, topic, steps);
	}
	return false;
}

bool
matcher_matches(const struct matcher *m, struct slice topic)
{
	size_t steps = 0;

	return matcher_matches_cached(m, NULL, topic, &steps);
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
	if (m == NULL ||
	    atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1)
		return;
	uritemplate_free(m->template);
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
list_matches(const struct matcher_list *l, struct slice topic, size_t *steps)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (matcher_matches_cached(l->v[i], NULL, topic, steps))
			return true;
	return false;
}

bool
matcher_list_any(
    const struct matcher_list *l, struct slice topics, size_t *steps)
{
	struct slice topic;
	size_t unasked = 0;

	while (topic_next(&topics, &topic))
		if (list_matches(l, topic, steps != NULL ? steps : &unasked))
			return true;
	return false;
}

bool
matcher_list_every(const struct matcher_list *l, struct slice topics)
{
	struct slice topic;
	size_t steps = 0;

	/* No topic at all must not read as "all of them are allowed". */
	if (l->n == 0 || topics.base == NULL)
		return false;
	while (topic_next(&topics, &topic))
		if (!list_matches(l, topic, &steps))
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
