/* SPDX-License-Identifier: MIT */
/* crowd_count.c - counts the views of some topics in one walk. */
#include "queue/crowd_count.h"

#include <stdlib.h>

#include "base/mem.h"

/* A topic as the slots have it. */
struct wanted {
	uint64_t hidden;
	struct crowd_count *count;
};

struct walk {
	struct wanted *v;
	size_t n;
};

static int
compare(const void *a, const void *b)
{
	const uint64_t x = ((const struct wanted *)a)->hidden;
	const uint64_t y = ((const struct wanted *)b)->hidden;

	return (x > y) - (x < y);
}

static void
add(void *arg, uint64_t topic)
{
	const struct walk *w = arg;
	const struct wanted key = { .hidden = topic };
	const struct wanted *found =
	    bsearch(&key, w->v, w->n, sizeof(key), compare);

	if (found != NULL)
		found->count->n++;
}

enum err
crowd_count(const struct crowd_table *t, const uint64_t secret[2],
    int64_t now_ms, struct crowd_count *v, size_t n)
{
	struct walk w = { mem_calloc(n, sizeof(*w.v)), n };

	if (w.v == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		v[i].n = 0;
		w.v[i] =
		    (struct wanted){ crowd_key_hide_topic(v[i].topic, secret),
			    &v[i] };
	}
	qsort(w.v, n, sizeof(*w.v), compare);
	crowd_table_views(t, now_ms, add, &w);
	mem_free(w.v);
	return ERR_OK;
}
