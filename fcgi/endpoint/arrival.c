/* SPDX-License-Identifier: MIT */
/* arrival.c - chooses among the sessions of a subscriber that arrives. */
#include "endpoint/arrival.h"

#include "base/clock.h"
#include "base/uuid.h"
#include "text/cookie.h"

/* Which of several sessions is meant is looked for with this many steps
 * (matcher.h), about a millisecond. */
#define STEPS_MAX 1000000

static void
read_session(void *arg, const struct session *s, uint64_t change)
{
	struct arrival *r = arg;
	size_t i = 0;

	(void)change;
	while (i < r->n && memcmp(&r->keys[i], &s->key, sizeof(s->key)) != 0)
		i++;
	if (i < r->n && r->rows[i] == NULL && r->err == ERR_OK)
		r->err =
		    session_grant(&r->rows[i], &s->key, s, r->start->sessions);
}

/* Could an update of this selector be one that `m` allows?  Compares the
 * beginnings of templates only. */
static bool
go_together(struct slice wanted, const struct matcher *m, size_t *steps)
{
	const struct slice have = matcher_text(m);
	const char *brace = memchr(wanted.base, '{', wanted.len);
	size_t n = brace != NULL ? (size_t)(brace - wanted.base) : 0;

	*steps += 16 + wanted.len / 16;
	return slice_is(wanted, "*") || slice_eq(wanted, have) ||
	       matcher_matches_cached(m, NULL, wanted, steps) ||
	       (n > 0 && n <= have.len &&
		   memcmp(wanted.base, have.base, n) == 0);
}

static bool
allows(const struct grant *g, struct slice wanted, size_t *steps)
{
	const struct matcher_list *have = grant_subscribe(g);

	for (size_t i = 0; i < have->n && *steps < STEPS_MAX; i++)
		if (go_together(wanted, have->v[i], steps))
			return true;
	return false;
}

/* Does it allow some of what the request asks for? */
static bool
fits(const struct grant *g, const struct arrival *r, size_t *steps)
{
	if (r->query == NULL)
		return grant_may_receive(g, r->topic, NULL);
	for (size_t i = 0; i < form_count(r->query); i++) {
		const struct form_field field = form_at(r->query, i);

		if (field.value.len > 0 &&
		    dialect_matcher_param(r->dialect, field.name) != NULL &&
		    allows(g, field.value, steps))
			return true;
	}
	return false;
}

/* The first session that fits; r->n: none does. */
static size_t
find_fitting(const struct arrival *r)
{
	size_t steps = 0, i;

	for (i = 0; i < r->n; i++)
		if (r->rows[i] != NULL && fits(r->rows[i], r, &steps))
			break;
	return i;
}

static size_t
find_granted(const struct arrival *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->rows[i] != NULL && !grant_is_empty(r->rows[i]))
			return i;
	return 0;
}

static void
note_others(struct grant *g, const struct arrival *r, size_t chosen)
{
	uint8_t tokens[GRANT_OTHERS_MAX][GRANT_TOKEN_SIZE];
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (i != chosen)
			memcpy(
			    tokens[n++], r->keys[i].digest, GRANT_TOKEN_SIZE);
	grant_set_others(g, (const uint8_t(*)[GRANT_TOKEN_SIZE])tokens, n);
}

_Static_assert(GRANT_OTHERS_MAX >= SESSION_COOKIES_MAX - 1,
    "all other sessions have room");

/*
 * Rights of several sessions are not added up, so the payload that others see
 * is the one of the application that granted the rights.  Until one session
 * fits, the stream belongs to the first, and to any that is granted something
 * later.
 */
static void
choose_session(struct arrival *r)
{
	size_t i, fitting;

	if (r->grant != NULL || r->n == 0 || r->err != ERR_OK)
		return;
	fitting = find_fitting(r);
	i = fitting < r->n ? fitting : find_granted(r);
	if (r->rows[i] == NULL)
		r->err = session_grant(
		    &r->rows[i], &r->keys[i], NULL, r->start->sessions);
	if (r->err != ERR_OK)
		return;
	if (fitting == r->n)
		note_others(r->rows[i], r, i);
	r->grant = grant_ref(r->rows[i]);
}

/* The answer shows whether an update with some id exists.  So the queue finds
 * it only for subscribers that may receive it: every one if it is public, else
 * those whose grant allows it.  A random id is known only to who has received
 * it: he goes on from there, without the updates before it, when the right to
 * it has ended.  Publishers may choose an id of that shape that others know:
 * pushcgi(1) says what these learn, never an update. */
static bool
may_know(void *arg, bool private, struct slice topics)
{
	struct arrival *r = arg;

	if (!private || r->random_id)
		return true;
	choose_session(r);
	return r->grant != NULL && grant_may_receive(r->grant, topics, NULL);
}

enum err
arrival_start(struct arrival *r, struct context *c, struct slice last_id)
{
	const struct queue_question ask = { .last_id = last_id,
		.session = r->keys,
		.sessions_n = r->n,
		.now_ms = clock_real_ms(),
		.each = read_session,
		.may = may_know,
		.arg = r };
	struct queue *q;
	enum err e;

	r->random_id = uuid_urn_is(last_id);
	if ((e = context_queue(c, &q)) == ERR_OK &&
	    (e = queue_start(q, &ask, r->start)) == ERR_OK) {
		choose_session(r);
		if ((e = r->err) != ERR_OK) {
			presence_free(r->start->away);
			r->start->away = NULL;
		}
	}
	for (size_t i = 0; i < r->n; i++)
		grant_unref(r->rows[i]);
	return e;
}

enum err
arrival_find_sessions(
    struct arrival *r, const struct request *rq, const struct config *c)
{
	struct slice names = slice_of(c->session_cookie), name, value;
	enum err e = ERR_OK;

	while (r->n < SESSION_COOKIES_MAX && slice_cut(&names, ' ', &name)) {
		if (name.len == 0 ||
		    (value = cookie_find(rq->cookie, name)).base == NULL)
			continue;
		e = session_key_of_cookie(&r->keys[r->n], value);
		if (e == ERR_OK)
			r->n++;
		else if (e != ERR_SYNTAX)
			return e;
	}
	return ERR_OK;
}
