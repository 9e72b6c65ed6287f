/* SPDX-License-Identifier: MIT */
/* start.h - where in the log a request starts, and as whom. */
#ifndef QUEUE_START_H
#define QUEUE_START_H

#include "queue/presence.h"
#include "queue/sessions.h"

#define QUEUE_FIND_MAX 8

/* May whoever asks know that this update exists? */
typedef bool queue_may_fn(void *arg, bool private, struct slice topics);

/* What a request brings.  Zero: it only asks where the log ends. */
struct queue_question {
	/* The last event id.  base NULL: there is none, so it starts at the
	 * end.  Empty: it starts with the first row there is. */
	struct slice last_id;

	const struct session_key *session; /* NULL: none */
	int64_t now_ms; /* real clock; sessions that ended before are over */

	/* Called first, with the session's row, unless there is none; see
	 * queue_session_find().  queue_start.sessions is set by then. */
	queue_session_fn *each;

	/* Called for an update with the last event id.  One for which it is
	 * false counts as not in the log; of an id that was used several times
	 * the first QUEUE_FIND_MAX updates are tried.  NULL: always true. */
	queue_may_fn *may;
	void *arg; /* of both */
};

struct queue_start {
	struct queue_cursor_key key; /* of this database */
	uint64_t tail;               /* the position behind the last row */
	uint64_t floor;              /* as queue_span.floor */
	uint64_t sessions; /* all changes of sessions up to it are in */
	uint64_t at;       /* where it starts; 0 if the id is not known */

	/* The id leads to a position: an update's while its row exists (the
	 * first one, if it was used again), one that is a position ("#…")
	 * while nothing behind it was pruned.  True without an id. */
	bool known;

	/* The key in an id that queue_away_id() made; 0: it has none.  And the
	 * subscriber who is away under it; NULL: nobody, or nobody any more.
	 * The caller frees it. */
	uint64_t away_key;
	struct presence *away;
};

/*
 * Answer all of it as of one moment, so that no answer is about another
 * database, or older, than the next one.  On failure nothing has to be freed,
 * and *out has no meaning.  Errors as of queue_read().
 */
enum err queue_start(
    struct queue *q, const struct queue_question *ask, struct queue_start *out);

/* The same with nothing to ask for: where does the log end? */
enum err queue_end(struct queue *q, struct queue_start *out);

#endif
