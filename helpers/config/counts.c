/* SPDX-License-Identifier: MIT */
/* counts.c - compiles the selectors of MERCURE_COUNTS. */
#include "config/counts.h"

#include "match/topic.h"

#define SELECTOR_MAX 65536

static enum err
add(struct matcher_list *l, struct slice text, struct problem *p)
{
	struct matcher *m = NULL;
	enum err e;

	if (l->n == COUNTS_SELECTORS_MAX)
		return problem_set(p, ERR_LIMIT, "too many selectors");
	if ((e = topic_check_selector(text, SELECTOR_MAX, p)) == ERR_OK)
		e = matcher_new(&m, selector_topic(text), p);
	if (e == ERR_OK && (e = matcher_list_add(l, m)) != ERR_OK)
		matcher_unref(m);
	return e;
}

enum err
counts_read(struct matcher_list *out, struct slice value, struct problem *p)
{
	struct matcher_list l = { 0 };
	struct slice word;
	enum err e = ERR_OK;

	while (e == ERR_OK && slice_cut(&value, ' ', &word))
		if (word.len > 0)
			e = add(&l, word, p);
	if (e == ERR_OK)
		*out = l;
	else
		matcher_list_free(&l);
	return e;
}

bool
counts_have(const struct matcher_list *l, struct slice topic)
{
	for (size_t i = 0; i < l->n; i++)
		if (matcher_matches(l->v[i], topic))
			return true;
	return false;
}
