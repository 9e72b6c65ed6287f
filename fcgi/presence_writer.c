/* SPDX-License-Identifier: MIT */
/* presence_writer.c - takes changes from the roster to the queue, some at a time. */
#include "presence_writer.h"

#include "clock.h"
#include "log.h"

#define TICK_MS 1000
#define RETRY_MS 1000

/* After one that left nothing, more may gather: a transaction costs more than
 * a change in it.  Who comes after a silence, or parks, is written at once. */
#define GATHER_MS 10

void
presence_writer_init(
    struct presence_writer *w, struct queue *q, struct roster *r)
{
	*w = (struct presence_writer){
		.queue = q, .roster = r, .ring_ms = INT64_MAX
	};
}

/* ERR_NOTFOUND: nothing waits. */
static enum err
write_changes(struct presence_writer *w, int64_t now)
{
	struct roster_change taken[PRESENCE_CHANGES_MAX];
	struct presence_change changes[PRESENCE_CHANGES_MAX];
	struct fault f = { "" };
	uint64_t epoch = 0;
	size_t i, n = roster_take(w->roster, taken, PRESENCE_CHANGES_MAX);
	enum err e;

	if (n == 0)
		return ERR_NOTFOUND;
	for (i = 0; i < n; i++)
		changes[i] = taken[i].change;
	e = queue_present(w->queue, changes, n, &epoch, &f);
	roster_made(w->roster, taken, n, e, epoch);
	if (e != ERR_OK && !w->failing)
		log_err("subscriptions not written reason=\"%s\"", f.text);
	w->wrote = true;
	if (e != ERR_OK)
		w->retry_ms = now + RETRY_MS;
	else if (!roster_waits(w->roster))
		w->gather_ms = now + GATHER_MS;
	w->failing = e != ERR_OK;
	return e;
}

static void
reap(struct presence_writer *w, int64_t now)
{
	struct fault f = { "" };
	uint64_t epoch = 0;
	bool more = false;
	enum err e = queue_reap(w->queue, &epoch, &more, &f);

	roster_look(w->roster);
	if (e == ERR_OK)
		roster_made(w->roster, NULL, 0, e, epoch);
	if (!more)
		w->tick_ms = now + TICK_MS;
}

static void
ring(struct presence_writer *w, int64_t now)
{
	const unsigned wait_ms = queue_wake_soon(w->queue);

	w->ring_ms = wait_ms > 0 ? now + wait_ms : INT64_MAX;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
write_at(const struct presence_writer *w)
{
	if (w->retry_ms > w->gather_ms || roster_hurries(w->roster))
		return w->retry_ms;
	return w->gather_ms;
}

int64_t
presence_writer_run(struct presence_writer *w)
{
	const int64_t now = clock_mono_ms();
	bool waits;

	if (w->roster == NULL)
		return INT64_MAX;
	if (now >= write_at(w))
		write_changes(w, now);
	if (now >= w->tick_ms)
		reap(w, now);
	ring(w, now);
	waits = roster_waits(w->roster);
	return least(
	    waits ? write_at(w) : INT64_MAX, least(w->tick_ms, w->ring_ms));
}

void
presence_writer_finish(struct presence_writer *w)
{
	if (w->roster == NULL)
		return;
	while (write_changes(w, clock_mono_ms()) == ERR_OK)
		continue;
	/* What it leaves unrung is found within a second. */
	queue_wake_soon(w->queue);
}
