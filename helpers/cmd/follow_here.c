/* SPDX-License-Identifier: MIT */
/* follow_here.c - follows this machine's queue, without a hub or web server. */
#include "base/log.h"
#include "cmd/follow.h"
#include "lib/handle.h"
#include "match/matcher.h"
#include "mercure/dialect.h"
#include "queue/start.h"

#define EARLIEST "earliest"

#define TICK_MS 1000 /* finds updates that no notification announced */
#define ROWS_MAX 100
#define BYTES_MAX ((size_t)256 << 10)

struct following {
	struct cmd_follow *fo;
	struct queue *queue;
	struct matcher_list wanted;
	uint64_t at;
	uint64_t epoch;
};

static enum err
read_matchers(struct following *w, struct problem *p)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < w->fo->selectors_n; i++) {
		struct matcher *m = NULL;

		e = matcher_new(&m, selector_topic(w->fo->selectors[i]), p);
		if (e == ERR_OK &&
		    (e = matcher_list_add(&w->wanted, m)) != ERR_OK)
			matcher_unref(m);
	}
	return e;
}

/* As the hub does it: an id that leads nowhere leads to what there is. */
static enum err
find_start(struct following *w)
{
	const struct slice id = w->fo->last_id;
	struct queue_question ask = { .last_id = id };
	struct queue_start start;
	enum err e;

	if (id.len == 0)
		ask.last_id = slice_of(NULL);
	else if (slice_is(id, EARLIEST))
		ask.last_id = slice_of("");
	if ((e = queue_start(w->queue, &ask, &start)) != ERR_OK)
		return e;
	presence_free(start.away);
	w->epoch = start.key.epoch;
	w->at = start.at;
	if (!start.known && ask.last_id.len > 0)
		log_warn("last event id not known",
		    LOG_TEXT("effect", "all that is kept follows"));
	explicit_bzero(&start, sizeof(start));
	return ERR_OK;
}

static void
on_row(void *arg, uint64_t at, const struct update *u)
{
	struct following *w = arg;

	if (w->fo->left == 0)
		return;
	w->at = at;
	if ((!u->private || w->fo->private) &&
	    matcher_list_any(&w->wanted, u->topics, NULL))
		cmd_follow_add(w->fo, u);
}

/* After a long stop, updates may have been pruned before they were read. */
static void
warn_of_loss(uint64_t before, const struct queue_span *span)
{
	if (before != 0 && before < span->floor)
		log_warn("updates lost", LOG_TEXT("reason", "history pruned"));
}

/* Read some rows; *more: there may be others. */
static enum err
read_some(struct following *w, bool *more)
{
	const uint64_t before = w->at;
	struct queue_span span = { .rows = 0 };
	enum err e = queue_read(
	    w->queue, w->at, w->epoch, ROWS_MAX, BYTES_MAX, on_row, w, &span);

	*more = false;
	if (e != ERR_OK)
		return e;
	/* Another database has taken the place: positions start over. */
	*more = span.epoch != w->epoch || span.rows > 0;
	if (span.epoch != w->epoch)
		w->at = 0;
	else
		warn_of_loss(before, &span);
	w->epoch = span.epoch;
	return ERR_OK;
}

/* The queue says in the log what is wrong, and when it works again. */
static bool
is_for_good(enum err e)
{
	return e == ERR_NEWER || e == ERR_NOMEM;
}

static enum err
follow(struct following *w, const _Atomic bool *stop, struct problem *p)
{
	bool more;
	enum err e;

	while (w->fo->left > 0 && !atomic_load(stop)) {
		e = read_some(w, &more);
		if (is_for_good(e))
			return problem_set(p, e,
			    "The queue cannot be read any more: %s.",
			    err_text(e));
		if ((e = cmd_follow_print(w->fo, p)) != ERR_OK)
			return e;
		if (!more && w->fo->left > 0)
			queue_wait(w->queue, TICK_MS);
	}
	return ERR_OK;
}

enum err
cmd_follow_here(struct cmd_follow *fo, struct problem *p)
{
	struct following w = { .fo = fo };
	struct cmd_signals *signals = NULL;
	enum err e;

	if ((e = read_matchers(&w, p)) != ERR_OK)
		goto out;
	if ((e = handle_queue(fo->h, &w.queue, p)) != ERR_OK)
		goto out;
	if ((e = cmd_signals_new(&signals, w.queue, p)) != ERR_OK)
		goto out;
	if ((e = find_start(&w)) != ERR_OK) {
		problem_set(p, e,
		    "The queue (MERCURE_TRANSPORT_URL) cannot be read: %s.",
		    err_text(e));
		goto out;
	}
	e = follow(&w, cmd_signals_stop(signals), p);
out:
	cmd_signals_free(signals);
	matcher_list_free(&w.wanted);
	return e;
}
