/* SPDX-License-Identifier: MIT */
/* handle.c - makes, copies and frees handles. */
#include "base/mem.h"
#include "queue/sqlite/sqlite.h"

void
queue_sqlite_join_checkpoint(struct queue_sqlite *q)
{
	if (q->has_checkpointer)
		pthread_join(q->checkpointer, NULL);
	q->has_checkpointer = false;
}

void
queue_sqlite_free(struct queue_sqlite *q)
{
	if (q == NULL)
		return;
	queue_sqlite_join_checkpoint(q);
	queue_sqlite_shut(q);
	sidecar_close(q->side);
	mem_free(q->path);
	mem_wipe_free(q, sizeof(*q));
}

struct queue_sqlite *
queue_sqlite_new(const struct queue_backend *b, const struct queue_settings *s,
    enum queue_mode mode)
{
	struct queue_sqlite *q = mem_calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->base = (struct queue){ .backend = b,
		.settings = *s,
		.presence_events = s->presence_events };
	q->base.settings.url = NULL;
	q->mode = mode;
	return q;
}

enum err
queue_sqlite_twin(struct queue_sqlite **out, const struct queue_sqlite *q)
{
	struct queue_sqlite *twin =
	    queue_sqlite_new(q->base.backend, &q->base.settings, q->mode);
	enum err e = ERR_NOMEM;

	if (twin == NULL)
		return e;
	twin->path = mem_text(slice_of(q->path));
	if (twin->path != NULL && (e = queue_sqlite_ready(twin)) == ERR_OK)
		*out = twin;
	else
		queue_sqlite_free(twin);
	return e;
}
