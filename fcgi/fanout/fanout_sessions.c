/* SPDX-License-Identifier: MIT */
/* fanout_sessions.c - what happens to open streams when a session gains or loses rights. */
#include <string.h>

#include "base/clock.h"
#include "fanout/fanout_state.h"

static bool
same_payload(const struct grant *a, const struct grant *b)
{
	const struct slice x = grant_payload(a), y = grant_payload(b);

	return (x.base == NULL) == (y.base == NULL) && slice_eq(x, y);
}

/*
 * More or fewer rights take effect where it stands.  Who has lost all, or is
 * shown to others with another payload, ends with its position, and is at once
 * back as what its cookies make of it then.
 */
static void
apply(struct subscriber *s, const struct session_change *c)
{
	if (c->grant == NULL || !same_payload(s->grant, c->grant) ||
	    !fanout_regrant(s, c->grant))
		fanout_close(s);
}

/* For streams whose worker has looked before a change that was applied by the
 * time they are opened. */
static void
remember(struct fanout *f, const struct session_changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct fanout_recent *r =
		    &f->recent[f->recent_n++ % FANOUT_RECENT];

		if (r->number > f->recent_floor)
			f->recent_floor = r->number;
		r->number = c->v[i].number;
		memcpy(r->token, c->v[i].token, sizeof(r->token));
	}
}

void
fanout_sessions(struct fanout *f, const struct session_changes *c)
{
	struct subscriber *s, *next;

	for (s = TAILQ_FIRST(&f->all); s != NULL; s = next) {
		const struct session_change *change;

		next = TAILQ_NEXT(s, links);
		if (s->grant == NULL || !grant_is_session(s->grant))
			continue;
		change = session_changes_find(c, grant_token(s->grant));
		if (change != NULL &&
		    change->number > grant_session_change(s->grant))
			apply(s, change);
	}
	remember(f, c);
}

bool
fanout_is_outdated(const struct fanout *f, const struct grant *g)
{
	const uint64_t seen = grant_session_change(g);

	if (seen < f->recent_floor)
		return true;
	for (size_t i = 0; i < FANOUT_RECENT; i++)
		if (f->recent[i].number > seen &&
		    memcmp(f->recent[i].token, grant_token(g),
			GRANT_TOKEN_SIZE) == 0)
			return true;
	return false;
}

void
fanout_sessions_over(struct fanout *f, uint64_t number)
{
	struct subscriber *s, *next;

	memset(f->recent, 0, sizeof(f->recent));
	f->recent_n = 0;
	f->recent_floor = number;
	for (s = TAILQ_FIRST(&f->all); s != NULL; s = next) {
		next = TAILQ_NEXT(s, links);
		if (s->grant != NULL && grant_is_session(s->grant))
			fanout_close(s);
	}
}
