/* SPDX-License-Identifier: MIT */
/* queue.c - passes each call to the backend that the URL names. */
#include "queue/queue.h"

#include <string.h>

#include "queue/backend.h"

static const struct queue_backend *const backends[] = { &queue_sqlite };

static const struct queue_backend *
backend_for(const char *url)
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		if (slice_starts(slice_of(url), backends[i]->scheme))
			return backends[i];
	return NULL;
}

static enum err
no_backend(const char *url, struct problem *p)
{
	return problem_set(p, ERR_UNSUPPORTED,
	    "no queue for the URL \"%s\": set MERCURE_TRANSPORT_URL to "
	    "sqlite:///var/lib/pushcgi/queue.db or the like",
	    url);
}

enum err
queue_open(struct queue **out, const struct queue_settings *s,
    enum queue_mode mode, struct problem *p)
{
	const struct queue_backend *b = backend_for(s->url);

	return b != NULL ? b->admin->open(out, s, mode, p)
			 : no_backend(s->url, p);
}

void
queue_check(const struct queue_settings *s, queue_report_fn *report, void *arg)
{
	const struct queue_backend *b = backend_for(s->url);
	struct problem p;

	if (b != NULL) {
		b->admin->check(s, report, arg);
	} else {
		no_backend(s->url, &p);
		report(arg, false, p.text);
	}
}

enum err
queue_take_identity(const struct queue_settings *s, struct problem *p)
{
	const struct queue_backend *b = backend_for(s->url);

	return b != NULL ? b->admin->take_identity(s, p)
			 : no_backend(s->url, p);
}

enum err
queue_backup(
    const struct queue_settings *s, const char *path, struct problem *p)
{
	const struct queue_backend *b = backend_for(s->url);

	return b != NULL ? b->admin->backup(s, path, p) : no_backend(s->url, p);
}

enum err
queue_crowd_open(
    struct queue_crowd **out, const struct queue_settings *s, struct problem *p)
{
	const struct queue_backend *b = backend_for(s->url);

	return b != NULL ? b->admin->crowd_open(out, s, p)
			 : no_backend(s->url, p);
}

void
queue_keep_small(bool alone)
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		backends[i]->admin->keep_small(alone);
}

enum err
queue_read(struct queue *q, uint64_t after, uint64_t epoch_seen,
    size_t rows_max, size_t bytes_max, queue_row_fn *row, void *arg,
    struct queue_span *out)
{
	return q->backend->log->read(
	    q, after, epoch_seen, rows_max, bytes_max, row, arg, out);
}

enum err
queue_start(
    struct queue *q, const struct queue_question *ask, struct queue_start *out)
{
	return q->backend->log->start(q, ask, out);
}

enum err
queue_end(struct queue *q, struct queue_start *out)
{
	const struct queue_question nothing = { .now_ms = 0 };

	return queue_start(q, &nothing, out);
}

void
queue_wait(struct queue *q, unsigned timeout_ms)
{
	q->backend->log->wait(q, timeout_ms);
}

void
queue_poke(struct queue *q)
{
	q->backend->log->poke(q);
}

enum err
queue_keys_read(
    struct queue *q, struct slice url, struct queue_keys *out, struct buf *text)
{
	return q->backend->keys->read(q, url, out, text);
}

enum err
queue_keys_claim(struct queue *q, struct slice url, int64_t now_ms,
    int64_t since_ms, bool *mine, struct problem *p)
{
	return q->backend->keys->claim(q, url, now_ms, since_ms, mine, p);
}

enum err
queue_keys_store(struct queue *q, struct slice url, struct slice text,
    int64_t now_ms, int64_t fresh_ms, struct slice error, struct problem *p)
{
	return q->backend->keys->store(
	    q, url, text, now_ms, fresh_ms, error, p);
}

void
queue_close(struct queue *q)
{
	if (q != NULL)
		q->backend->admin->close(q);
}
