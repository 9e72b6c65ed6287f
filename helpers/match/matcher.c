/* SPDX-License-Identifier: MIT */
/* matcher.c - compiled selectors, and lists of them. */
#include "match/matcher.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "match/nfa.h"
#include "match/topic_list.h"
#include "match/uritemplate.h"

/* The cost of a call with a comparison; most topics are a few words long. */
#define COMPARISON_STEPS 8

_Static_assert(MATCHER_WEIGHT_MAX >= NFA_WORK_MAX &&
		   MATCHER_WEIGHT_MAX >= NFA_BYTES_MAX / 1024,
    "what a weight is made of");

struct matcher {
	atomic_size_t refs;
	enum matcher_kind kind;
	enum selector_kind selector;
	struct uritemplate *template; /* MATCHER_TEMPLATE */
	size_t len;
	char text[];
};

static enum err
compile(struct matcher **out, enum matcher_kind kind, struct selector s,
    struct problem *p)
{
	struct matcher *m = mem_calloc(1, sizeof(*m) + s.text.len);
	enum err e = ERR_OK;

	if (m == NULL)
		return ERR_NOMEM;
	if (kind == MATCHER_TEMPLATE)
		e = uritemplate_new(&m->template, s.text, p);
	if (e != ERR_OK) {
		mem_free(m);
		return e;
	}
	atomic_init(&m->refs, 1);
	m->kind = kind;
	m->selector = s.kind;
	m->len = s.text.len;
	if (s.text.len > 0)
		memcpy(m->text, s.text.base, s.text.len);
	*out = m;
	return ERR_OK;
}

/* The text decides how it is compared. */
static enum err
compile_topic(struct matcher **out, struct selector s, struct problem *p)
{
	enum err e = ERR_SYNTAX;

	if (slice_is(s.text, "*"))
		return compile(out, MATCHER_ANY, s, p);
	if (s.text.len > 0 && memchr(s.text.base, '{', s.text.len))
		e = compile(out, MATCHER_TEMPLATE, s, p);
	if (e != ERR_SYNTAX)
		return e;
	return compile(out, MATCHER_EXACT, s, p);
}

static enum err
compile_exact(struct matcher **out, struct selector s, struct problem *p)
{
	return compile(out, MATCHER_EXACT, s, p);
}

enum err
matcher_new(struct matcher **out, struct selector s, struct problem *p)
{
	static enum err (*const of_kind[SELECTOR_KINDS])(
	    struct matcher * *out, struct selector s, struct problem * p) = {
		[SELECTOR_TOPIC] = compile_topic,
		[SELECTOR_EXACT] = compile_exact,
	};

	if (s.kind >= SELECTOR_KINDS)
		return problem_set(p, ERR_SYNTAX,
		    "The kind of the selector is not known to this program.");
	return of_kind[s.kind](out, s, p);
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

struct selector
matcher_selector(const struct matcher *m)
{
	return (struct selector){ m->selector, matcher_text(m) };
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

	while (topic_list_next(&topics, &topic))
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
	while (topic_list_next(&topics, &topic))
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
