/* SPDX-License-Identifier: MIT */
/* start.c - finds in one snapshot where a request starts, and as whom. */
#include <string.h>

#include "queue/sqlite/sqlite.h"

/* A position from the id is known while no row behind it was pruned. */
static enum err
find_position(struct queue_sqlite *q, struct slice id, struct queue_start *s)
{
	uint64_t at;
	enum err e = queue_cursor_parse(&s->key, id, &at, &s->away_key);

	if (e == ERR_NOMEM)
		return problem_set(&q->problem, e, "%s", err_text(e));
	if (e != ERR_OK)
		return ERR_OK;
	s->known = at <= s->tail && at >= s->floor;
	if (s->known)
		s->at = at;
	if (s->away_key == 0)
		return ERR_OK;
	return queue_sqlite_read_away(q, s->away_key, &s->away);
}

/* Step to the first row that the client may read. */
static int
step_allowed(sqlite3_stmt *st, queue_may_fn *may, void *arg)
{
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if (may == NULL || may(arg, sqlite3_column_int(st, 1) != 0,
				       queue_sqlite_column(st, 2)))
			break;
	return rc;
}

static enum err
find_update(struct queue_sqlite *q, struct slice id, queue_may_fn *may,
    void *arg, uint64_t *out, bool *known)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_FIND_ID);
	int rc = SQLITE_ERROR;
	int64_t seq = 0;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int(st, 2, QUEUE_FIND_MAX);
	rc = sqlite3_bind_text64(
	    st, 1, id.base, id.len, SQLITE_STATIC, SQLITE_UTF8);
	if (rc == SQLITE_OK)
		rc = step_allowed(st, may, arg);
	if (rc == SQLITE_ROW && !queue_sqlite_number(st, 0, 0, &seq))
		rc = SQLITE_CORRUPT;
	if (rc == SQLITE_ROW) {
		*out = (uint64_t)seq;
		*known = true;
	}
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		   ? ERR_OK
		   : queue_sqlite_failed(q, rc);
}

static enum err
find_id(struct queue_sqlite *q, const struct queue_question *ask,
    struct queue_start *s)
{
	const struct slice id = ask->last_id;

	if (id.base == NULL) {
		s->at = s->tail;
		s->known = true;
	}
	if (id.len == 0)
		return ERR_OK;
	return id.base[0] == '#'
		   ? find_position(q, id, s)
		   : find_update(q, id, ask->may, ask->arg, &s->at, &s->known);
}

/* The rights are read first: the other answers depend on them. */
static enum err
answer(struct queue_sqlite *q, const struct queue_question *ask,
    struct queue_start *s)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < ask->sessions_n; i++)
		e = queue_sqlite_find_session(
		    q, &ask->session[i], ask->now_ms, ask->each, ask->arg);
	if (e == ERR_OK && (e = queue_sqlite_tail(q, &s->tail)) == ERR_OK)
		e = find_id(q, ask, s);
	return e;
}

/* The statement of the span stays on its row, which holds the snapshot. */
enum err
queue_sqlite_start(struct queue *base, const struct queue_question *ask,
    struct queue_start *out)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct queue_span span = { 0 };
	sqlite3_stmt *st = NULL;
	enum err e;

	*out = (struct queue_start){ 0 };
	if ((e = queue_sqlite_ready_to_read(q)) != ERR_OK ||
	    (e = queue_sqlite_begin(q, &st, &span)) != ERR_OK)
		return queue_sqlite_done(q, e);
	out->key = q->key;
	out->floor = span.floor;
	out->sessions = span.sessions;
	e = answer(q, ask, out);
	if (q->db != NULL)
		sqlite3_reset(st);
	if (e != ERR_OK) {
		presence_free(out->away);
		out->away = NULL;
	}
	return queue_sqlite_done(q, e);
}
