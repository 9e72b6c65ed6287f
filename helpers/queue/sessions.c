/* SPDX-License-Identifier: MIT */
/* sessions.c - grants, moves and revokes sessions, by session_rules.c. */
#include "queue/sessions.h"

#include "queue/backend.h"
#include "queue/session_rules.h"

#define PAYLOAD_BYTES ((size_t)1 << 20)

/* A copied row, since no statement may be open while another row is written. */
struct row {
	struct session s;
	struct buf topics, payload;
};

static void
copy_row(void *arg, const struct session *s, uint64_t number)
{
	struct row *r = arg;

	(void)number;
	buf_slice(&r->topics, s->topics);
	buf_slice(&r->payload, s->payload);
	r->s = *s;
	r->s.topics = buf_view(&r->topics);
	if (s->payload.base != NULL)
		r->s.payload = buf_view(&r->payload);
}

static void
row_init(struct row *r)
{
	r->s = (struct session){ .topics = { "", 0 } };
	buf_init(&r->topics, SESSION_TOPICS_BYTES);
	buf_init(&r->payload, PAYLOAD_BYTES);
}

static enum err
row_err(const struct row *r)
{
	return r->topics.err != ERR_OK ? r->topics.err : r->payload.err;
}

static void
row_free(struct row *r)
{
	buf_free(&r->topics);
	buf_free(&r->payload);
}

static enum err
read_row(struct queue *q, struct row *r, const struct session_key *key,
    int64_t now_ms)
{
	enum err e;

	row_init(r);
	e = q->backend->sessions->read(q, key, now_ms, copy_row, r);
	return e != ERR_OK ? e : row_err(r);
}

/* The time of a transaction, and whether it has changed a session. */
struct change {
	int64_t now_ms;
	bool made;
};

/*
 * `moved_to` NULL: it is not moved.  Processes apply the change to their
 * streams when they read its number.  Subscribers between two polls belong to
 * no process, so this transaction ends those that lose their right.
 */
static enum err
write_row(struct queue *q, const struct session *s,
    const struct session_key *moved_to, struct change *c)
{
	const struct queue_session_ops *ops = q->backend->sessions;
	const bool all = moved_to != NULL || s->topics.len == 0;
	enum err e;

	c->made = true;
	if ((e = ops->write(q, s, moved_to)) == ERR_OK &&
	    (e = queue_end_of_session(q, s, all)) == ERR_OK)
		e = ops->forget(q, c->now_ms);
	return e;
}

/* Run `body`, and wake the readers if it has changed anything. */
static enum err
change_sessions(struct queue *q, queue_body_fn *body, void *arg,
    const struct change *c, struct problem *p)
{
	enum err e = queue_transact(q, body, arg, p);

	if (e == ERR_OK && c->made)
		queue_wake(q);
	return e;
}

static enum err
over_limit(size_t topics_max, struct problem *p)
{
	return problem_set(p, ERR_LIMIT,
	    "The session would have more than %zu topics "
	    "(MERCURE_MAX_MATCHERS), or very long ones: revoke what it does "
	    "not need any more.",
	    topics_max);
}

/* *over: the limit would be exceeded, so nothing was written. */
static enum err
add_wish(
    struct queue *q, const struct session_wish *w, struct change *c, bool *over)
{
	struct session s;
	struct row had;
	struct buf topics;
	enum err e = read_row(q, &had, &w->key, w->now_ms);

	buf_init(&topics, SESSION_TOPICS_BYTES);
	if (e != ERR_OK)
		goto out;
	e = session_rules_add(&s, &topics, &had.s, w);
	*over = e == ERR_LIMIT;
	if (*over)
		e = ERR_OK;
	else if (e == ERR_OK)
		e = write_row(q, &s, NULL, c);
out:
	buf_free(&topics);
	row_free(&had);
	return e;
}

struct granting {
	struct change change;
	const struct session_wish *wish;
	bool over;
};

static enum err
grant(struct queue *q, void *arg)
{
	struct granting *g = arg;

	g->change = (struct change){ .now_ms = g->wish->now_ms };
	return add_wish(q, g->wish, &g->change, &g->over);
}

/* Reads without the lock; false also if reading fails. */
static bool
is_granted(struct queue *q, const struct session_wish *w)
{
	uint64_t number;
	struct row had;
	bool granted;

	row_init(&had);
	granted = q->backend->sessions->find(q, &w->key, w->now_ms, copy_row,
		      &had, &number) == ERR_OK &&
		  row_err(&had) == ERR_OK &&
		  session_rules_is_granted(&had.s, w);
	row_free(&had);
	return granted;
}

enum err
queue_session_grant(
    struct queue *q, const struct session_wish *w, struct problem *p)
{
	struct granting g = { .wish = w };
	enum err e;

	/* A read error occurs again under the lock, and is reported there. */
	if (is_granted(q, w))
		return ERR_OK;
	e = change_sessions(q, grant, &g, &g.change, p);
	return e == ERR_OK && g.over ? over_limit(w->topics_max, p) : e;
}

struct extending {
	struct change change;
	uint8_t (*tokens)[GRANT_TOKEN_SIZE];
	size_t n;
	const struct session_extension *how;
};

static enum err
extend(struct queue *q, struct extending *x, const uint8_t *token)
{
	struct session s;
	struct row had;
	enum err e;

	row_init(&had);
	e = q->backend->sessions->read_token(
	    q, token, x->change.now_ms, copy_row, &had);
	if (e == ERR_OK)
		e = row_err(&had);
	if (e == ERR_OK &&
	    session_rules_extend(&s, &had.s, x->change.now_ms, x->how))
		e = write_row(q, &s, NULL, &x->change);
	row_free(&had);
	return e;
}

static enum err
extend_all(struct queue *q, void *arg)
{
	struct extending *x = arg;
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < x->n; i++)
		e = extend(q, x, x->tokens[i]);
	return e;
}

enum err
queue_sessions_extend(struct queue *q, uint8_t (*tokens)[GRANT_TOKEN_SIZE],
    size_t n, int64_t now_ms, const struct session_extension *x,
    struct problem *p)
{
	struct extending extending = {
		.change.now_ms = now_ms, .tokens = tokens, .n = n, .how = x
	};

	return queue_transact(q, extend_all, &extending, p);
}

struct moving {
	struct change change;
	const struct session_key *from, *to;
	int64_t now_ms;
	size_t topics_max;
	bool over;
};

static enum err
grant_new_id(struct queue *q, struct moving *m, const struct session *had)
{
	const struct session_wish w =
	    session_rules_for_new_id(had, m->to, m->now_ms, m->topics_max);

	return add_wish(q, &w, &m->change, &m->over);
}

/* Ids that were moved to the old id are now moved to the new one. */
static enum err
end_old_id(struct queue *q, struct moving *m, const struct session *had)
{
	const struct session s =
	    session_rules_for_old_id(had, m->from, m->now_ms);
	enum err e = write_row(q, &s, m->to, &m->change);

	return e != ERR_OK ? e
			   : q->backend->sessions->redirect(q, m->from, m->to);
}

static enum err
move(struct queue *q, void *arg)
{
	struct moving *m = arg;
	struct row had;
	enum err e = read_row(q, &had, m->from, m->now_ms);

	m->change = (struct change){ .now_ms = m->now_ms };
	m->over = false;
	if (e == ERR_OK && had.s.topics.len > 0)
		e = grant_new_id(q, m, &had.s);
	if (e == ERR_OK && !m->over && !had.s.moved)
		e = end_old_id(q, m, &had.s);
	row_free(&had);
	return e;
}

enum err
queue_session_move(struct queue *q, const struct session_key *from,
    const struct session_key *to, int64_t now_ms, size_t topics_max,
    struct problem *p)
{
	struct moving m = { .from = from,
		.to = to,
		.now_ms = now_ms,
		.topics_max = topics_max };
	enum err e;

	if (memcmp(from->digest, to->digest, DIGEST_SIZE) == 0)
		return ERR_OK;
	e = change_sessions(q, move, &m, &m.change, p);
	return e == ERR_OK && m.over ? over_limit(topics_max, p) : e;
}

struct revoking {
	struct change change;
	const struct session_key *key;
	struct slice topics; /* base NULL: all */
	int64_t now_ms;
};

static enum err
remove_from(struct queue *q, struct revoking *v, const struct session *had)
{
	struct session s;
	bool changed = false;
	struct buf rest;
	enum err e;

	buf_init(&rest, SESSION_TOPICS_BYTES);
	e = session_rules_remove(&s, &rest, &changed, had, v->topics);
	if (e == ERR_OK && changed)
		e = write_row(q, &s, s.moved ? v->key : NULL, &v->change);
	buf_free(&rest);
	return e;
}

/* Remove the topics from the next id after `*at` that was moved to this one,
 * and advance `*at` to it.  *more false: no such id is left. */
static enum err
remove_from_moved(
    struct queue *q, struct revoking *v, struct session_key *at, bool *more)
{
	struct row had;
	enum err e;

	row_init(&had);
	e = q->backend->sessions->next_moved(
	    q, v->key, v->now_ms, at, copy_row, &had);
	if (e == ERR_OK)
		e = row_err(&had);
	*more = e == ERR_OK && had.s.until_ms > 0;
	if (*more) {
		*at = had.s.key;
		e = remove_from(q, v, &had.s);
	}
	row_free(&had);
	return e;
}

/* Earlier ids of the session that have not ended lose the topics, too. */
static enum err
revoke(struct queue *q, void *arg)
{
	struct session_key at = { { 0 } };
	struct revoking *v = arg;
	bool more = true;
	struct row had;
	enum err e = read_row(q, &had, v->key, v->now_ms);

	v->change = (struct change){ .now_ms = v->now_ms };
	if (e == ERR_OK && had.s.topics.len > 0)
		e = remove_from(q, v, &had.s);
	row_free(&had);
	while (e == ERR_OK && more)
		e = remove_from_moved(q, v, &at, &more);
	return e;
}

enum err
queue_session_revoke(struct queue *q, const struct session_key *key,
    struct slice topics, int64_t now_ms, struct problem *p)
{
	struct revoking v = { .key = key, .topics = topics, .now_ms = now_ms };

	return change_sessions(q, revoke, &v, &v.change, p);
}

enum err
queue_session_find(struct queue *q, const struct session_key *key,
    int64_t now_ms, queue_session_fn *each, void *arg, uint64_t *number)
{
	return q->backend->sessions->find(q, key, now_ms, each, arg, number);
}

enum err
queue_session_changes(struct queue *q, uint64_t number, size_t max,
    queue_session_fn *each, void *arg)
{
	return q->backend->sessions->changes(q, number, max, each, arg);
}

enum err
queue_sessions(
    struct queue *q, int64_t now_ms, queue_session_fn *each, void *arg)
{
	return q->backend->sessions->list(q, now_ms, each, arg);
}
