/* SPDX-License-Identifier: MIT */
/* session_changes.c - reads rows of sessions into grants. */
#include "fanout/session_changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/sessions.h"

struct reading {
	struct session_changes *changes;
	int64_t now_ms;
	enum err err;
};

static void
take(void *arg, const struct session *s, uint64_t number)
{
	struct reading *r = arg;
	struct session_changes *c = r->changes;
	struct session_change *change = &c->v[c->n];

	if (r->err != ERR_OK)
		return;
	if (s->until_ms > r->now_ms)
		r->err = session_grant(&change->grant, &s->key, s, number);
	memcpy(change->token, s->key.digest, sizeof(change->token));
	change->number = c->number = number;
	c->n++;
}

static int
compare(const void *a, const void *b)
{
	const struct session_change *x = a, *y = b;

	return memcmp(x->token, y->token, sizeof(x->token));
}

enum err
session_changes_read(
    struct session_changes **out, struct queue *q, uint64_t number)
{
	struct reading r = { .now_ms = clock_real_ms() };
	enum err e;

	if ((r.changes = mem_calloc(1, sizeof(*r.changes))) == NULL)
		return ERR_NOMEM;
	r.changes->number = number;
	e = queue_session_changes(q, number, SESSION_CHANGES_MAX, take, &r);
	if (e == ERR_OK)
		e = r.err;
	if (e != ERR_OK) {
		session_changes_free(r.changes);
		return e;
	}
	qsort(r.changes->v, r.changes->n, sizeof(r.changes->v[0]), compare);
	*out = r.changes;
	return ERR_OK;
}

const struct session_change *
session_changes_find(
    const struct session_changes *c, const uint8_t token[GRANT_TOKEN_SIZE])
{
	struct session_change wanted;

	memcpy(wanted.token, token, sizeof(wanted.token));
	return bsearch(&wanted, c->v, c->n, sizeof(c->v[0]), compare);
}

void
session_changes_free(struct session_changes *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		grant_unref(c->v[i].grant);
	mem_free(c);
}
