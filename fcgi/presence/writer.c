/* SPDX-License-Identifier: MIT */
/* writer.c - writes changes of the roster to the queue, some at a time. */
#include "presence/writer.h"

#include "base/clock.h"
#include "base/log.h"

#define TICK_MS 1000
#define RETRY_MS 1000
#define SAY_AGAIN_MS 60000

/* A pause after a transaction that left nothing over, so that changes gather:
 * a transaction costs more than a change in it.  A member's change after a
 * silence, or that of one who goes away, is written at once; strangers' changes
 * gather longer. */
#define GATHER_MS 10
#define GATHER_STRANGERS_MS 250

void
presence_writer_init(
    struct presence_writer *w, struct queue *q, struct roster *r)
{
	*w = (struct presence_writer){
		.queue = q, .roster = r, .notify_ms = INT64_MAX
	};
	extender_init(&w->extender, q, r);
}

static bool
holds(const struct presence_writer *w, const struct presence *p)
{
	size_t i = 0;

	if (!w->has_rules)
		return true;
	while (i < w->rules.n && w->rules.signers[i] != p->signer)
		i++;
	return i < w->rules.n;
}

/* Log it: an operator may miss them in the list. */
static void
note_full(struct presence_writer *w, int64_t now)
{
	if (now < w->waiting_ms)
		return;
	log_warn("subscriptions without a token wait to be written",
	    LOG_TEXT("setting", "MERCURE_PRESENCE_RATE"));
	w->waiting_ms = now + SAY_AGAIN_MS;
}

/* How many bytes may be written about strangers. */
static size_t
find_room(struct presence_writer *w, int64_t now)
{
	unsigned wait_ms = 0;
	size_t room;

	if (now < w->strangers_ms || roster_strangers_ms(w->roster) > now)
		return 0;
	if ((room = queue_stranger_room(w->queue, &wait_ms)) == 0) {
		w->strangers_ms = now + wait_ms;
		note_full(w, now);
	}
	return room;
}

static void
set_times(struct presence_writer *w, enum err e, int64_t now, bool strangers)
{
	if (e != ERR_OK)
		w->retry_ms = now + RETRY_MS;
	else if (!roster_waits(w->roster))
		w->gather_ms = now + GATHER_MS;
	if (e == ERR_OK && strangers && roster_strangers_ms(w->roster) > 0)
		w->strangers_ms = now + GATHER_STRANGERS_MS;
}

/* Were changes written?  Not if none wait, none may be written yet, or the
 * queue failed. */
static bool
write_changes(struct presence_writer *w, int64_t now)
{
	struct roster_change taken[PRESENCE_CHANGES_MAX];
	struct presence_change changes[PRESENCE_CHANGES_MAX];
	struct problem p = { "" };
	const size_t room = find_room(w, now);
	uint64_t epoch = 0;
	size_t i, n = roster_take(w->roster, taken, PRESENCE_CHANGES_MAX, room);
	enum err e;

	if (n == 0)
		return false;
	for (i = 0; i < n; i++) {
		struct presence_change *c = &taken[i].change;

		/* Its key was removed while it was on its way. */
		if (c->to == PRESENCE_AWAY && !holds(w, c->presence))
			c->to = PRESENCE_GONE;
		changes[i] = *c;
	}
	e = queue_present(w->queue, changes, n, &epoch, &p);
	roster_made(w->roster, taken, n, e, epoch);
	if (e != ERR_OK && !w->failing)
		log_err(
		    "subscriptions not written", LOG_TEXT("reason", p.text));
	w->wrote = true;
	set_times(w, e, now, room > 0);
	w->failing = e != ERR_OK;
	return e == ERR_OK;
}

static void
load_rules(struct presence_writer *w)
{
	if (!roster_take_rules(w->roster, &w->rules))
		return;
	w->has_rules = w->ends = true;
	queue_set_presence_events(w->queue, w->rules.events);
}

/* Each process that gets new settings ends the rows that they do not admit.  A
 * process with old settings may still add some; it ends them when it gets the
 * new ones. */
static void
end_waiting(struct presence_writer *w, int64_t now)
{
	struct problem p = { "" };
	bool more = false;
	enum err e;

	e = queue_end_away(w->queue, w->rules.signers, w->rules.n, &more, &p);
	if (e != ERR_OK && !w->failing)
		log_err("subscriptions not ended", LOG_TEXT("reason", p.text));
	w->failing = e != ERR_OK;
	if (e != ERR_OK)
		w->retry_ms = now + RETRY_MS;
	w->wrote |= more;
	w->ends = e != ERR_OK || more;
}

static void
reap(struct presence_writer *w, int64_t now)
{
	struct problem p = { "" };
	uint64_t epoch = 0;
	bool more = false;
	enum err e = queue_reap(w->queue, &epoch, &more, &p);

	roster_look(w->roster);
	if (e == ERR_OK)
		roster_made(w->roster, NULL, 0, e, epoch);
	if (!more)
		w->tick_ms = now + TICK_MS;
}

static void
notify(struct presence_writer *w, int64_t now)
{
	const unsigned wait_ms = queue_notify_soon(w->queue);

	w->notify_ms = wait_ms > 0 ? now + wait_ms : INT64_MAX;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
write_at(const struct presence_writer *w)
{
	if (w->retry_ms > w->gather_ms || roster_hurries(w->roster))
		return w->retry_ms;
	return w->gather_ms;
}

/* When there will be something to write that may be written. */
static int64_t
next_write(const struct presence_writer *w)
{
	const int64_t members =
	    roster_waits(w->roster) ? write_at(w) : INT64_MAX;
	const int64_t strangers = most(
	    roster_strangers_ms(w->roster), most(w->strangers_ms, w->retry_ms));

	return least(
	    least(members, strangers), w->ends ? w->retry_ms : INT64_MAX);
}

int64_t
presence_writer_run(struct presence_writer *w)
{
	const int64_t now = clock_mono_ms();
	int64_t extend_ms;

	if (w->roster == NULL)
		return INT64_MAX;
	load_rules(w);
	/* First, as an entry may go when its change is written. */
	extend_ms = extender_run(&w->extender, &w->wrote);
	if (now >= next_write(w))
		write_changes(w, now);
	if (w->ends && now >= w->retry_ms)
		end_waiting(w, now);
	if (now >= w->tick_ms)
		reap(w, now);
	notify(w, now);
	return least(
	    least(next_write(w), extend_ms), least(w->tick_ms, w->notify_ms));
}

void
presence_writer_finish(struct presence_writer *w)
{
	if (w->roster == NULL)
		return;
	w->strangers_ms = 0;
	while (write_changes(w, clock_mono_ms()))
		w->strangers_ms = 0;
	/* Readers find within a second what it did not notify them of. */
	queue_notify_soon(w->queue);
}
