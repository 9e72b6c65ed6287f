/* SPDX-License-Identifier: MIT */
/* sqlite.c - the queue as one SQLite file that many processes share. */
#include "queue/sqlite/sqlite.h"

#include "base/mem.h"
#include "queue/sqlite/identity.h"
#include "queue/sqlite/sidecar_crowd.h"

static void
sqlite_close(struct queue *base)
{
	queue_sqlite_free((struct queue_sqlite *)base);
}

static enum err
sqlite_open(struct queue **out, const struct queue_settings *s,
    enum queue_mode mode, struct problem *p)
{
	struct queue_sqlite *q = queue_sqlite_new(&queue_sqlite, s, mode);
	enum err e;

	if (q == NULL)
		return problem_set(p, ERR_NOMEM, "out of memory");
	if ((e = queue_sqlite_path(&q->path, s->url, p)) != ERR_OK)
		goto out;
	if ((e = queue_sqlite_ready(q)) != ERR_OK) {
		problem_set(p, e, "%s", q->problem.text);
		goto out;
	}

	*out = &q->base;
	q = NULL;
out:
	queue_sqlite_free(q);
	return e;
}

static enum err
sqlite_take_identity(const struct queue_settings *s, struct problem *p)
{
	char *path = NULL;
	enum err e = queue_sqlite_path(&path, s->url, p);

	queue_sqlite_never_wait();
	if (e == ERR_OK)
		e = identity_take(path, p);
	mem_free(path);
	return e;
}

static enum err
sqlite_crowd_open(
    struct queue_crowd **out, const struct queue_settings *s, struct problem *p)
{
	char *path = NULL;
	enum err e = queue_sqlite_path(&path, s->url, p);

	if (e == ERR_OK)
		e = queue_sqlite_network_check(path, p);
	if (e == ERR_OK)
		e = sidecar_crowd_open(out, path, p);
	mem_free(path);
	return e;
}

static void
sqlite_keep_small(bool alone)
{
	/* Else each connection begins with room for 20 pages, 88 KB; */
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, (void *)0, 0, 0);
	/* and with 48 KB for small blocks. */
	if (alone)
		sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
}

static const struct queue_admin_ops sqlite_admin = {
	.open = sqlite_open,
	.close = sqlite_close,
	.transact = queue_sqlite_transact,
	.take_identity = sqlite_take_identity,
	.check = queue_sqlite_check,
	.backup = queue_sqlite_backup,
	.crowd_open = sqlite_crowd_open,
	.keep_small = sqlite_keep_small,
};

const struct queue_backend queue_sqlite = {
	.scheme = "sqlite:",
	.admin = &sqlite_admin,
	.log = &queue_sqlite_log,
	.presence = &queue_sqlite_presence,
	.sessions = &queue_sqlite_sessions,
	.keys = &queue_sqlite_keys,
};
