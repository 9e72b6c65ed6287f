/* SPDX-License-Identifier: MIT */
/* sessions.c - the rows of sessions, and the numbers of their changes. */
#include "base/clock.h"
#include "queue/sqlite/sqlite.h"

#define TEXT_MAX ((size_t)1 << 20) /* all topics of one, or its payload */

/* The old id goes on for so long: the browser learns of the new one with a
 * response that is still to come. */
#define MOVED_MS 5000

/* What a session has, copied; with its time up it has nothing. */
struct row {
	struct session_key key;
	int64_t until_ms, kept_ms;
	bool moved, has_payload;
	struct buf topics, payload;
};

/* A transaction's time, whether it has changed anything, and its events about
 * subscribers that end with it. */
struct change {
	int64_t now_ms;
	bool made;
	struct queue_sqlite_telling telling;
};

static void
row_init(struct row *r)
{
	r->until_ms = r->kept_ms = 0;
	r->moved = r->has_payload = false;
	buf_init(&r->topics, TEXT_MAX);
	buf_init(&r->payload, TEXT_MAX);
}

static void
row_free(struct row *r)
{
	buf_free(&r->topics);
	buf_free(&r->payload);
}

static struct slice
row_payload(const struct row *r)
{
	return r->has_payload ? buf_view(&r->payload)
			      : (struct slice){ NULL, 0 };
}

static enum err
no_statement(struct queue_sqlite *q)
{
	return queue_sqlite_failed(q, sqlite3_errcode(q->db));
}

static sqlite3_stmt *
statement_for(struct queue_sqlite *q, enum sql_statement which,
    const struct session_key *key)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, which);

	if (st != NULL && sqlite3_bind_blob(st, 1, key->digest, DIGEST_SIZE,
			      SQLITE_STATIC) != SQLITE_OK)
		return NULL;
	return st;
}

/* The columns as all statements here name them: digest, until_ms, topics,
 * payload, change, kept_ms, moved_to. */
static enum err
view(struct session *s, sqlite3_stmt *st)
{
	const void *digest = sqlite3_column_blob(st, 0);
	int64_t number;

	if (digest == NULL || sqlite3_column_type(st, 0) != SQLITE_BLOB ||
	    sqlite3_column_bytes(st, 0) != DIGEST_SIZE)
		return ERR_IO;
	memcpy(s->key.digest, digest, DIGEST_SIZE);
	if (!queue_sqlite_time(st, 1, &s->until_ms) ||
	    !queue_sqlite_time(st, 5, &s->kept_ms) ||
	    !queue_sqlite_number(st, 4, 0, &number))
		return ERR_IO;
	s->topics = queue_sqlite_column(st, 2);
	s->payload = queue_sqlite_column(st, 3);
	s->moved = sqlite3_column_type(st, 6) != SQLITE_NULL;
	return ERR_OK;
}

static enum err
hand_out(
    struct queue_sqlite *q, sqlite3_stmt *st, queue_session_fn *each, void *arg)
{
	struct session s;
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW &&
	       view(&s, st) == ERR_OK && sqlite3_errcode(q->db) != SQLITE_NOMEM)
		each(arg, &s, (uint64_t)sqlite3_column_int64(st, 4));
	if (rc == SQLITE_ROW)
		rc = sqlite3_errcode(q->db) == SQLITE_NOMEM ? SQLITE_NOMEM
							    : SQLITE_CORRUPT;
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? ERR_OK : queue_sqlite_failed(q, rc);
}

static enum err
check_buf(struct queue_sqlite *q, const struct buf *b)
{
	return b->err == ERR_OK
		   ? ERR_OK
		   : problem_set(&q->problem, b->err, "%s", err_text(b->err));
}

static void
copy_row(void *arg, const struct session *s, uint64_t number)
{
	struct row *r = arg;

	(void)number;
	r->key = s->key;
	r->until_ms = s->until_ms;
	r->kept_ms = s->kept_ms;
	r->moved = s->moved;
	buf_slice(&r->topics, s->topics);
	r->has_payload = s->payload.base != NULL;
	buf_slice(&r->payload, s->payload);
}

/* The row of `st`, which is bound; no row: one that is empty. */
static enum err
take_row(struct queue_sqlite *q, struct row *r, sqlite3_stmt *st)
{
	enum err e;

	row_init(r);
	if (st == NULL)
		return no_statement(q);
	if ((e = hand_out(q, st, copy_row, r)) != ERR_OK)
		return e;
	if ((e = check_buf(q, &r->topics)) == ERR_OK)
		e = check_buf(q, &r->payload);
	return e;
}

static enum err
read_row(struct queue_sqlite *q, struct row *r, const struct session_key *key,
    int64_t now_ms)
{
	sqlite3_stmt *st = statement_for(q, SQL_FIND_SESSION, key);

	if (st != NULL)
		sqlite3_bind_int64(st, 2, now_ms);
	return take_row(q, r, st);
}

static enum err
next_number(struct queue_sqlite *q, int64_t *out)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_NEXT_SESSION_CHANGE);
	int rc = st != NULL ? sqlite3_step(st) : sqlite3_errcode(q->db);

	if (rc == SQLITE_ROW && !queue_sqlite_number(st, 0, 1, out))
		rc = SQLITE_CORRUPT;
	if (rc == SQLITE_ROW) {
		rc = sqlite3_step(st);
	} else if (rc == SQLITE_DONE) {
		rc = SQLITE_CORRUPT;
	}
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? ERR_OK : queue_sqlite_failed(q, rc);
}

static enum err
forget(struct queue_sqlite *q, int64_t now_ms)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_FORGET_SESSIONS);

	if (st == NULL)
		return no_statement(q);
	sqlite3_bind_int64(st, 1, now_ms);
	return queue_sqlite_finish(q, st);
}

/* `moved_to` NULL: nowhere.  Open streams follow by the number of the change;
 * a parked subscriber has no process that could, and ends here. */
static enum err
write_row(struct queue_sqlite *q, const struct session *s,
    const struct session_key *moved_to, struct change *c)
{
	sqlite3_stmt *st;
	int64_t number = 0;
	enum err e;

	if ((e = next_number(q, &number)) != ERR_OK)
		return e;
	if ((st = statement_for(q, SQL_STORE_SESSION, &s->key)) == NULL ||
	    queue_sqlite_bind(st, 4, s->topics) != SQLITE_OK ||
	    queue_sqlite_bind(st, 5, s->payload) != SQLITE_OK)
		return no_statement(q);
	sqlite3_bind_int64(st, 2, number);
	sqlite3_bind_int64(st, 3, s->until_ms);
	if (moved_to != NULL && sqlite3_bind_blob(st, 6, moved_to->digest,
				    DIGEST_SIZE, SQLITE_STATIC) != SQLITE_OK)
		return no_statement(q);
	c->made = true;
	if ((e = queue_sqlite_finish(q, st)) != ERR_OK ||
	    (e = queue_sqlite_end_session(q, &c->telling, s,
		 moved_to != NULL || s->topics.len == 0)) != ERR_OK)
		return e;
	return forget(q, c->now_ms);
}

/* The row of one that has lost all: others still have to learn of it. */
static enum err
write_empty(
    struct queue_sqlite *q, const struct session_key *key, struct change *c)
{
	const struct session gone = { .key = *key, .topics = { "", 0 } };

	return write_row(q, &gone, NULL, c);
}

/* One of the bodies below, which may have to run again. */
struct body {
	queue_sqlite_body *run;
	void *arg;
	struct change *change; /* in what `arg` points to */
};

static enum err
run_body(struct queue_sqlite *q, void *arg)
{
	struct body *b = arg;
	enum err e;

	b->change->made = false;
	b->change->telling =
	    (struct queue_sqlite_telling){ .now_ms = clock_real_ms() };
	e = b->run(q, b->arg);
	return e == ERR_OK ? queue_sqlite_told(q, &b->change->telling) : e;
}

/* Run it, and tell others if it has changed anything. */
static enum err
change_sessions(struct queue_sqlite *q, queue_sqlite_body *run, void *arg,
    struct change *c, struct problem *p)
{
	struct body b = { run, arg, c };
	enum err e = queue_sqlite_transact(q, run_body, &b, p);

	if (e == ERR_OK && c->made)
		queue_sqlite_wake(&q->base);
	return e;
}

/* What a transaction is to do; `over`: it would be too much, so nothing was
 * done. */
struct granting {
	struct change change;
	const struct session_wish *wish;
	bool over;
};

static enum err
over_limit(size_t topics_max, struct problem *p)
{
	return problem_set(p, ERR_LIMIT,
	    "The session would have more than %zu topics "
	    "(MERCURE_MAX_MATCHERS), or very long ones: revoke what it does "
	    "not need any more.",
	    topics_max);
}

static bool
has_all(const struct row *r, const struct session_wish *w)
{
	struct buf missing;
	size_t n;

	buf_init(&missing, TEXT_MAX);
	n = selector_list_without(&missing, w->topics, buf_view(&r->topics));
	buf_free(&missing);
	return n == 0 && r->topics.len > 0 && r->until_ms >= w->renew_ms &&
	       (w->payload.base == NULL ||
		   (r->has_payload &&
		       slice_eq(buf_view(&r->payload), w->payload)));
}

static enum err
add_wish(struct queue_sqlite *q, struct granting *g, const struct row *r)
{
	const struct session_wish *w = g->wish;
	struct session s = { .key = w->key, .until_ms = w->until_ms };
	struct buf topics;
	enum err e = ERR_OK;

	buf_init(&topics, TEXT_MAX);
	g->over = selector_list_join(&topics, buf_view(&r->topics), w->topics) >
		      w->topics_max ||
		  topics.err == ERR_LIMIT;
	s.topics = buf_view(&topics);
	s.payload = w->payload.base != NULL ? w->payload : row_payload(r);
	if (r->until_ms > s.until_ms)
		s.until_ms = r->until_ms;
	if (!g->over && (e = check_buf(q, &topics)) == ERR_OK)
		e = write_row(q, &s, NULL, &g->change);
	buf_free(&topics);
	return e;
}

/* An id that has moved begins anew. */
static enum err
add_rights(struct queue_sqlite *q, void *arg)
{
	struct granting *g = arg;
	struct row had;
	enum err e = read_row(q, &had, &g->wish->key, g->wish->now_ms);

	if (g->wish->replace || had.moved) {
		row_free(&had);
		row_init(&had);
	}
	if (e == ERR_OK)
		e = add_wish(q, g, &had);
	row_free(&had);
	return e;
}

/* Without the lock: *done: there is nothing to do. */
static enum err
is_granted(struct queue_sqlite *q, const struct session_wish *w, bool *done)
{
	struct row had;
	enum err e;

	if ((e = queue_sqlite_ready_to_read(q)) != ERR_OK)
		return e;
	e = read_row(q, &had, &w->key, w->now_ms);
	*done = e == ERR_OK && !w->replace && !had.moved && has_all(&had, w);
	row_free(&had);
	return e;
}

enum err
queue_sqlite_session_grant(
    struct queue *base, const struct session_wish *w, struct problem *p)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct granting g = { { .now_ms = w->now_ms }, w, false };
	bool done = false;
	enum err e;

	/* What fails here fails again under the lock, and is told then. */
	if (is_granted(q, w, &done) == ERR_OK && done)
		return queue_sqlite_done(q, ERR_OK);
	e = change_sessions(q, add_rights, &g, &g.change, p);
	return e == ERR_OK && g.over ? over_limit(w->topics_max, p) : e;
}

struct moving {
	struct change change;
	const struct session_key *from, *to;
	size_t topics_max;
	bool over;
};

/* One that has moved before gives what it had then, for as long. */
static enum err
move_rights(struct queue_sqlite *q, struct moving *m, const struct row *from)
{
	const struct session_wish wish = { .key = *m->to,
		.topics = buf_view(&from->topics),
		.payload = row_payload(from),
		.now_ms = m->change.now_ms,
		.until_ms = from->moved ? from->kept_ms : from->until_ms,
		.topics_max = m->topics_max };
	struct granting g = { m->change, &wish, false };
	enum err e = add_rights(q, &g);

	m->over = g.over;
	m->change = g.change;
	return e;
}

/* Whatever had moved to this id is behind the new one now. */
static enum err
move_on(struct queue_sqlite *q, const struct moving *m)
{
	sqlite3_stmt *st = statement_for(q, SQL_MOVE_SESSION_ON, m->from);

	if (st == NULL || sqlite3_bind_blob(st, 2, m->to->digest, DIGEST_SIZE,
			      SQLITE_STATIC) != SQLITE_OK)
		return no_statement(q);
	return queue_sqlite_finish(q, st);
}

/* What it had goes on until the browser has the new id, no longer. */
static enum err
leave_behind(struct queue_sqlite *q, struct moving *m, const struct row *from)
{
	const int64_t end_ms = m->change.now_ms + MOVED_MS;
	const bool has = from->topics.len > 0;
	const struct session s = { .key = *m->from,
		.until_ms =
		    has && from->until_ms < end_ms ? from->until_ms : end_ms,
		.topics =
		    has ? buf_view(&from->topics) : (struct slice){ "", 0 },
		.payload = row_payload(from) };
	enum err e = write_row(q, &s, m->to, &m->change);

	return e != ERR_OK ? e : move_on(q, m);
}

static enum err
move_all(struct queue_sqlite *q, void *arg)
{
	struct moving *m = arg;
	struct row from;
	enum err e = read_row(q, &from, m->from, m->change.now_ms);

	if (e == ERR_OK && from.topics.len > 0)
		e = move_rights(q, m, &from);
	if (e == ERR_OK && !m->over && !from.moved)
		e = leave_behind(q, m, &from);
	row_free(&from);
	return e;
}

enum err
queue_sqlite_session_move(struct queue *base, const struct session_key *from,
    const struct session_key *to, int64_t now_ms, size_t topics_max,
    struct problem *p)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct moving m = { { .now_ms = now_ms }, from, to, topics_max, false };
	enum err e;

	if (memcmp(from->digest, to->digest, DIGEST_SIZE) == 0)
		return ERR_OK;
	e = change_sessions(q, move_all, &m, &m.change, p);
	return e == ERR_OK && m.over ? over_limit(topics_max, p) : e;
}

struct revoking {
	struct change change;
	const struct session_key *key;
	struct slice topics; /* base NULL: all */
};

/* A row without rights that has moved still has to end in time. */
static enum err
take_from(struct queue_sqlite *q, struct revoking *v, const struct row *r)
{
	struct session s = { .key = r->key,
		.until_ms = r->until_ms,
		.payload = row_payload(r) };
	struct buf rest;
	enum err e;

	buf_init(&rest, TEXT_MAX);
	if (v->topics.base != NULL)
		selector_list_without(&rest, buf_view(&r->topics), v->topics);
	s.topics = buf_view(&rest);
	if ((e = check_buf(q, &rest)) != ERR_OK)
		;
	else if (rest.len == 0)
		e = write_empty(q, &r->key, &v->change);
	else if (rest.len < r->topics.len)
		e = write_row(q, &s, r->moved ? v->key : NULL, &v->change);
	buf_free(&rest);
	return e;
}

/* From the next one behind `*at`, which becomes it; *more: there is one. */
static enum err
take_from_next(struct queue_sqlite *q, struct revoking *v,
    struct session_key *at, bool *more)
{
	sqlite3_stmt *st = statement_for(q, SQL_SESSION_BEHIND, v->key);
	struct row had;
	enum err e;

	if (st != NULL && sqlite3_bind_blob(st, 3, at->digest, DIGEST_SIZE,
			      SQLITE_TRANSIENT) != SQLITE_OK)
		return no_statement(q);
	if (st != NULL)
		sqlite3_bind_int64(st, 2, v->change.now_ms);
	e = take_row(q, &had, st);
	*more = e == ERR_OK && had.until_ms > 0;
	if (*more) {
		*at = had.key;
		e = take_from(q, v, &had);
	}
	row_free(&had);
	return e;
}

/* And from what still goes on under the ids it had until a moment ago. */
static enum err
take_rights(struct queue_sqlite *q, void *arg)
{
	struct session_key at = { { 0 } };
	struct revoking *v = arg;
	struct row had;
	bool more = true;
	enum err e = read_row(q, &had, v->key, v->change.now_ms);

	if (e == ERR_OK && had.topics.len > 0)
		e = take_from(q, v, &had);
	row_free(&had);
	while (e == ERR_OK && more)
		e = take_from_next(q, v, &at, &more);
	return e;
}

enum err
queue_sqlite_session_revoke(struct queue *base, const struct session_key *key,
    struct slice topics, int64_t now_ms, struct problem *p)
{
	struct revoking v = { { .now_ms = now_ms }, key, topics };

	return change_sessions(
	    (struct queue_sqlite *)base, take_rights, &v, &v.change, p);
}

static enum err
read_number(struct queue_sqlite *q, uint64_t *out)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_READ_SESSION_CHANGE);
	int rc = st != NULL ? sqlite3_step(st) : sqlite3_errcode(q->db);

	int64_t number = 0;

	if (rc == SQLITE_ROW && !queue_sqlite_number(st, 0, 0, &number))
		rc = SQLITE_CORRUPT;
	*out = (uint64_t)number;
	sqlite3_reset(st);
	return rc == SQLITE_ROW ? ERR_OK
				: queue_sqlite_failed(q,
				      rc == SQLITE_DONE ? SQLITE_CORRUPT : rc);
}

/* The number first: what is changed in between is in the row, and is found
 * again by the number. */
enum err
queue_sqlite_session_find(struct queue *base, const struct session_key *key,
    int64_t now_ms, queue_session_fn *each, void *arg, uint64_t *number)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	sqlite3_stmt *st;
	enum err e;

	if ((e = queue_sqlite_ready_to_read(q)) == ERR_OK &&
	    (e = read_number(q, number)) == ERR_OK) {
		if ((st = statement_for(q, SQL_FIND_SESSION, key)) == NULL)
			return queue_sqlite_done(q, no_statement(q));
		sqlite3_bind_int64(st, 2, now_ms);
		e = hand_out(q, st, each, arg);
	}
	return queue_sqlite_done(q, e);
}

static enum err
hand_out_where(struct queue_sqlite *q, enum sql_statement which, int64_t from,
    int64_t max, queue_session_fn *each, void *arg)
{
	sqlite3_stmt *st;
	enum err e;

	if ((e = queue_sqlite_ready_to_read(q)) != ERR_OK)
		return queue_sqlite_done(q, e);
	if ((st = queue_sqlite_statement(q, which)) == NULL)
		return queue_sqlite_done(q, no_statement(q));
	sqlite3_bind_int64(st, 1, from);
	sqlite3_bind_int64(st, 2, max);
	return queue_sqlite_done(q, hand_out(q, st, each, arg));
}

enum err
queue_sqlite_session_changes(struct queue *base, uint64_t number, size_t max,
    queue_session_fn *each, void *arg)
{
	return hand_out_where((struct queue_sqlite *)base, SQL_SESSION_CHANGES,
	    (int64_t)number, (int64_t)max, each, arg);
}

enum err
queue_sqlite_sessions(
    struct queue *base, int64_t now_ms, queue_session_fn *each, void *arg)
{
	return hand_out_where((struct queue_sqlite *)base, SQL_LIST_SESSIONS,
	    now_ms, INT64_MAX, each, arg);
}
