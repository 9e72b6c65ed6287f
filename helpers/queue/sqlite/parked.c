/* SPDX-License-Identifier: MIT */
/* parked.c - finds the subscriber whom an id leads to. */
#include "base/clock.h"
#include "base/mem.h"
#include "queue/sqlite/sqlite.h"

static struct slice
keep(char **to, struct slice s)
{
	struct slice kept = { s.base != NULL ? *to : NULL, s.len };

	if (s.len > 0)
		memcpy(*to, s.base, s.len);
	*to += s.len;
	return kept;
}

enum err
queue_sqlite_copy(struct presence **out, sqlite3_stmt *st)
{
	const struct slice subscriber = queue_sqlite_column(st, 1);
	const struct slice topics = queue_sqlite_column(st, 2);
	const struct slice payload = queue_sqlite_column(st, 3);
	const void *token = sqlite3_column_blob(st, 4);
	struct presence *p;
	char *to;

	p = mem_calloc(1, sizeof(*p) + topics.len + payload.len);
	if (p == NULL)
		return ERR_NOMEM;
	to = p->text;
	p->key = (uint64_t)sqlite3_column_int64(st, 0);
	if (subscriber.len > 0 && subscriber.len < sizeof(p->subscriber))
		memcpy(p->subscriber, subscriber.base, subscriber.len);
	p->topics = keep(&to, topics);
	p->payload = keep(&to, payload);
	p->has_token = token != NULL &&
		       sqlite3_column_bytes(st, 4) == (int)sizeof(p->token);
	if (p->has_token)
		memcpy(p->token, token, sizeof(p->token));
	*out = p;
	return ERR_OK;
}

static enum err
read_parked(struct queue_sqlite *q, uint64_t key, struct presence **out)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_READ_PARKED);
	enum err e = ERR_OK;
	int rc;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	sqlite3_bind_int64(st, 1, (int64_t)key);
	sqlite3_bind_int64(st, 2, clock_real_ms());
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		e = queue_sqlite_copy(out, st);
	sqlite3_reset(st);
	if (e != ERR_OK)
		return problem_set(&q->problem, e, "%s", err_text(e));
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		   ? ERR_OK
		   : queue_sqlite_failed(q, rc);
}

enum err
queue_sqlite_parked(
    struct queue *base, struct slice id, struct presence **out, uint64_t *key)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	uint64_t at;
	enum err e, parsed;

	*out = NULL;
	*key = 0;
	if ((e = queue_sqlite_ready_to_read(q)) == ERR_OK &&
	    (e = queue_sqlite_load_key(q)) == ERR_OK) {
		parsed = queue_cursor_parse(&q->key, id, &at, key);
		if (parsed == ERR_OK && *key != 0)
			e = read_parked(q, *key, out);
		else if (parsed == ERR_NOMEM)
			e = problem_set(
			    &q->problem, parsed, "%s", err_text(parsed));
	}
	return queue_sqlite_done(q, e);
}
