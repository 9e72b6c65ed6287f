/* SPDX-License-Identifier: MIT */
/* queue.c - hands each call to the backend that the URL names. */
#include "queue/queue.h"

#include <string.h>

#include "queue/ops.h"

static const struct queue_backend {
	const char *scheme;
	const struct queue_ops *ops;
} backends[] = {
	{ "sqlite:", &queue_sqlite_ops },
};

static const struct queue_ops *
backend_for(const char *url)
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		if (slice_starts(slice_of(url), backends[i].scheme))
			return backends[i].ops;
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
	const struct queue_ops *ops = backend_for(s->url);

	return ops != NULL ? ops->open(out, s, mode, p) : no_backend(s->url, p);
}

void
queue_check(const struct queue_settings *s, queue_report_fn *report, void *arg)
{
	const struct queue_ops *ops = backend_for(s->url);
	struct problem p;

	if (ops != NULL) {
		ops->check(s, report, arg);
	} else {
		no_backend(s->url, &p);
		report(arg, false, p.text);
	}
}

enum err
queue_take_identity(const struct queue_settings *s, struct problem *p)
{
	const struct queue_ops *ops = backend_for(s->url);

	return ops != NULL ? ops->take_identity(s, p) : no_backend(s->url, p);
}

enum err
queue_backup(
    const struct queue_settings *s, const char *path, struct problem *p)
{
	const struct queue_ops *ops = backend_for(s->url);

	return ops != NULL ? ops->backup(s, path, p) : no_backend(s->url, p);
}

enum err
queue_crowd_open(struct sidecar_crowd **out, const struct queue_settings *s,
    struct problem *p)
{
	const struct queue_ops *ops = backend_for(s->url);

	return ops != NULL ? ops->crowd_open(out, s, p) : no_backend(s->url, p);
}

enum err
queue_read(struct queue *q, uint64_t after, uint64_t epoch_seen,
    size_t rows_max, size_t bytes_max, queue_row_fn *row, void *arg,
    struct queue_span *out)
{
	return q->ops->read(
	    q, after, epoch_seen, rows_max, bytes_max, row, arg, out);
}

enum err
queue_tail(struct queue *q, uint64_t *out)
{
	return q->ops->tail(q, out);
}

void
queue_wait(struct queue *q, unsigned timeout_ms)
{
	q->ops->wait(q, timeout_ms);
}

void
queue_poke(struct queue *q)
{
	q->ops->poke(q);
}

enum err
queue_find(struct queue *q, struct slice id, queue_may_fn *may, const void *arg,
    uint64_t *out, bool *known)
{
	return q->ops->find(q, id, may, arg, out, known);
}

enum err
queue_cursor_key(struct queue *q, struct queue_cursor_key *out)
{
	return q->ops->cursor_key(q, out);
}

enum err
queue_present(struct queue *q, const struct presence_change *changes, size_t n,
    uint64_t *epoch, struct problem *p)
{
	return q->ops->present(q, changes, n, epoch, p);
}

enum err
queue_reap(struct queue *q, uint64_t *epoch, bool *more, struct problem *p)
{
	return q->ops->reap(q, epoch, more, p);
}

size_t
queue_stranger_room(struct queue *q, unsigned *wait_ms)
{
	return q->ops->stranger_room(q, wait_ms);
}

void
queue_set_presence_events(struct queue *q, bool on)
{
	q->presence_events = on;
}

enum err
queue_end_of_session(struct queue *q, const struct session *s, bool all)
{
	return q->ops->end_of_session(q, s, all);
}

enum err
queue_end_waiting(struct queue *q, const uint64_t *signers, size_t n,
    bool *more, struct problem *p)
{
	return q->ops->end_waiting(q, signers, n, more, p);
}

enum err
queue_parked(
    struct queue *q, struct slice id, struct presence **out, uint64_t *key)
{
	return q->ops->parked(q, id, out, key);
}

enum err
queue_subscriptions(struct queue *q, struct selector wanted,
    struct slice subscriber, queue_subscription_fn *each, void *arg,
    struct buf *last_id)
{
	return q->ops->subscriptions(q, wanted, subscriber, each, arg, last_id);
}

enum err
queue_keys_read(
    struct queue *q, struct slice url, struct queue_keys *out, struct buf *text)
{
	return q->ops->keys_read(q, url, out, text);
}

enum err
queue_keys_claim(struct queue *q, struct slice url, int64_t now_ms,
    int64_t since_ms, bool *mine, struct problem *p)
{
	return q->ops->keys_claim(q, url, now_ms, since_ms, mine, p);
}

enum err
queue_keys_store(struct queue *q, struct slice url, struct slice text,
    int64_t now_ms, int64_t fresh_ms, struct slice error, struct problem *p)
{
	return q->ops->keys_store(q, url, text, now_ms, fresh_ms, error, p);
}

void
queue_close(struct queue *q)
{
	if (q != NULL)
		q->ops->close(q);
}
