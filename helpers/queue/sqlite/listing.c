/* SPDX-License-Identifier: MIT */
/* listing.c - lists the active subscribers, in one snapshot. */
#include "base/clock.h"
#include "queue/sqlite/sqlite.h"

/* The rows come in the order of their owners, so each owner is checked once. */
struct listing {
	queue_subscription_fn *each;
	void *arg;
	struct selector wanted; /* text.base NULL: any */
	int64_t now_ms;
	uint64_t owner;
	bool lives;
};

static bool
lives(const struct queue_sqlite *q, uint64_t owner)
{
	return owner == 0 || q->side == NULL || sidecar_lives(q->side, owner);
}

static bool
is_there(const struct queue_sqlite *q, struct listing *l, sqlite3_stmt *st)
{
	const uint64_t owner = (uint64_t)sqlite3_column_int64(st, 0);

	if (owner == 0)
		return sqlite3_column_int64(st, 1) > l->now_ms;
	if (owner != l->owner) {
		l->owner = owner;
		l->lives = lives(q, owner);
	}
	return l->lives;
}

static void
pass_row(struct listing *l, sqlite3_stmt *st)
{
	struct slice topics = queue_sqlite_column(st, 3);
	struct subscription_view v = {
		.subscriber = queue_sqlite_column(st, 2),
		.payload = queue_sqlite_column(st, 4),
		.active = true,
	};

	if (l->wanted.text.base != NULL) {
		v.selector = l->wanted;
		l->each(l->arg, &v);
		return;
	}
	while (selector_list_next(&topics, &v.selector))
		l->each(l->arg, &v);
}

static enum err
pass_rows(struct queue_sqlite *q, sqlite3_stmt *st, struct listing *l)
{
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if (is_there(q, l, st))
			pass_row(l, st);
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? ERR_OK : queue_sqlite_failed(q, rc);
}

static enum err
list(struct queue_sqlite *q, struct slice subscriber, struct listing *l)
{
	const bool all = l->wanted.text.base == NULL;
	sqlite3_stmt *st = queue_sqlite_statement(
	    q, all ? SQL_LIST_SUBSCRIBERS : SQL_LIST_SUBSCRIPTIONS);
	int rc;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	if (all)
		return pass_rows(q, st, l);
	if ((rc = queue_sqlite_bind(st, 1, l->wanted.text)) != SQLITE_OK ||
	    (rc = queue_sqlite_bind(st, 3, subscriber)) != SQLITE_OK)
		return queue_sqlite_failed(q, rc);
	sqlite3_bind_int64(st, 2, l->wanted.kind);
	return pass_rows(q, st, l);
}

/* The id of the last row; its position, if it has none or was pruned. */
static enum err
add_last_id(struct queue_sqlite *q, sqlite3_stmt *st, struct buf *out)
{
	int64_t given = 0;
	const int64_t last = sqlite3_column_int64(st, 1);
	const struct slice id = queue_sqlite_column(st, 2);
	char own_id[QUEUE_ID_SIZE];
	enum err e = ERR_OK;

	if (sqlite3_column_type(st, 0) != SQLITE_NULL &&
	    !queue_sqlite_number(st, 0, 0, &given))
		return queue_sqlite_failed(q, SQLITE_CORRUPT);
	if (given == 0)
		buf_text(out, "earliest");
	else if (last == given && id.base != NULL)
		buf_slice(out, id);
	else if ((e = queue_cursor_id(&q->key, (uint64_t)given, own_id)) ==
		 ERR_OK)
		buf_text(out, own_id);
	if (e == ERR_OK)
		e = out->err;
	return e == ERR_OK ? e : problem_set(&q->problem, e, "%s", err_text(e));
}

/* The statement of the last id stays on its row, which holds the snapshot. */
static enum err
read_listing(struct queue_sqlite *q, struct slice subscriber, struct listing *l,
    struct buf *last_id)
{
	sqlite3_stmt *st;
	enum err e;
	int rc;

	if ((e = queue_sqlite_load_key(q)) != ERR_OK)
		return e;
	if ((st = queue_sqlite_statement(q, SQL_READ_LAST_ID)) == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	if ((rc = sqlite3_step(st)) != SQLITE_ROW) {
		sqlite3_reset(st);
		return queue_sqlite_failed(
		    q, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc);
	}
	if ((e = add_last_id(q, st, last_id)) == ERR_OK)
		e = list(q, subscriber, l);
	if (q->db != NULL)
		sqlite3_reset(st);
	return e;
}

enum err
queue_sqlite_list(struct queue *base, struct selector wanted,
    struct slice subscriber, queue_subscription_fn *each, void *arg,
    struct buf *last_id)
{
	struct queue_sqlite *q = (struct queue_sqlite *)base;
	struct listing l = { .each = each,
		.arg = arg,
		.wanted = wanted,
		.now_ms = clock_real_ms() };
	enum err e;

	if ((e = queue_sqlite_ready_to_read(q)) == ERR_OK)
		e = read_listing(q, subscriber, &l, last_id);
	return queue_sqlite_done(q, e);
}
