/* SPDX-License-Identifier: MIT */
/* session_follow.c - applies changes of sessions to open streams. */
#include "fanout/session_follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fanout/subscriber.h"
#include "queue/sessions.h"

struct reading {
	struct session_changes *changes;
	int64_t now_ms;
	enum err err;
};

static void
read_change(void *arg, const struct session *s, uint64_t number)
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
	e = queue_session_changes(
	    q, number, SESSION_CHANGES_MAX, read_change, &r);
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

static bool
same_payload(const struct grant *a, const struct grant *b)
{
	const struct slice x = grant_payload(a), y = grant_payload(b);

	return (x.base == NULL) == (y.base == NULL) && slice_eq(x, y);
}

/*
 * More or fewer rights take effect at the stream's position.  A stream that has
 * lost all rights, or is shown to others with another payload, ends with its
 * position, and comes back at once as what its cookies make of it then.
 */
static void
apply(struct subscriber *s, const struct session_change *c)
{
	if (c->grant == NULL || grant_others_n(s->grant) > 0 ||
	    !same_payload(s->grant, c->grant) ||
	    !subscriber_regrant(s, c->grant))
		subscriber_close(s);
}

/* Has another session of the browser got something? */
static bool
other_has_changed(const struct session_changes *c, const struct grant *g)
{
	for (size_t i = 0; i < grant_others_n(g); i++) {
		const struct session_change *change =
		    session_changes_find(c, grant_other(g, i));

		if (change != NULL && change->grant != NULL &&
		    change->number > grant_session_change(g))
			return true;
	}
	return false;
}

/* For streams whose worker read their session before a change that was applied
 * by the time they are opened. */
static void
remember(struct session_follow *f, const struct session_changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct session_recent *r = &f->recent[f->n++ % SESSION_RECENT];

		if (r->number > f->floor)
			f->floor = r->number;
		r->number = c->v[i].number;
		memcpy(r->token, c->v[i].token, sizeof(r->token));
	}
}

void
session_follow_apply(struct session_follow *f, struct subscriber_host *h,
    const struct session_changes *c)
{
	struct subscriber *s, *next;

	for (s = TAILQ_FIRST(&h->all); s != NULL; s = next) {
		const struct session_change *change;

		next = TAILQ_NEXT(s, links);
		if (s->grant == NULL || !grant_is_session(s->grant))
			continue;
		change = session_changes_find(c, grant_token(s->grant));
		if (change != NULL &&
		    change->number > grant_session_change(s->grant))
			apply(s, change);
		else if (other_has_changed(c, s->grant))
			subscriber_close(s);
	}
	remember(f, c);
}

static bool
is_of(const struct grant *g, const uint8_t token[GRANT_TOKEN_SIZE])
{
	if (memcmp(token, grant_token(g), GRANT_TOKEN_SIZE) == 0)
		return true;
	for (size_t i = 0; i < grant_others_n(g); i++)
		if (memcmp(token, grant_other(g, i), GRANT_TOKEN_SIZE) == 0)
			return true;
	return false;
}

bool
session_follow_is_outdated(
    const struct session_follow *f, const struct grant *g)
{
	const uint64_t seen = grant_session_change(g);

	if (seen < f->floor)
		return true;
	for (size_t i = 0; i < SESSION_RECENT; i++)
		if (f->recent[i].number > seen && is_of(g, f->recent[i].token))
			return true;
	return false;
}

void
session_follow_new_epoch(
    struct session_follow *f, struct subscriber_host *h, uint64_t number)
{
	struct subscriber *s, *next;

	*f = (struct session_follow){ .floor = number };
	for (s = TAILQ_FIRST(&h->all); s != NULL; s = next) {
		next = TAILQ_NEXT(s, links);
		if (s->grant != NULL && grant_is_session(s->grant))
			subscriber_close(s);
	}
}
