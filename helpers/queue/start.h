/* SPDX-License-Identifier: MIT */
/* start.h - where in the log a request starts, and as whom. */
#ifndef QUEUE_START_H
#define QUEUE_START_H

#include "queue/presence.h"
#include "queue/sessions.h"

#define QUEUE_FIND_MAX 8

/* May the client know that this update exists? */
typedef bool queue_may_fn(void *arg, bool private, struct slice topics);

/* The question of a request.  Zero: it only asks where the log ends. */
struct queue_question {
	/* The last event id.  base NULL: there is none, so the request starts
	 * at the end.  Empty: it starts with the first row of the log. */
	struct slice last_id;

	const struct session_key *session; /* the first of them */
	size_t sessions_n;                 /* 0: none */
	int64_t now_ms; /* real clock; ended sessions have no rights */

	/* Called first, with each session's row, unless there is none; see
	 * queue_session_find().  queue_start.sessions is set by then. */
	queue_session_fn *each;

	/* Called for an update with the last event id.  One for which it is
	 * false counts as not in the log; of an id that was used several times
	 * the first QUEUE_FIND_MAX updates are tried.  NULL: always true. */
	queue_may_fn *may;
	void *arg; /* the argument of both */
};

struct queue_start {
	struct queue_cursor_key key; /* of this database */
	uint64_t tail;               /* the position behind the last row */
	uint64_t floor;              /* as queue_span.floor */
	uint64_t sessions; /* all changes of sessions up to it are included */
	uint64_t at;       /* where it starts; 0 if the id is not known */

	/* The id leads to a position: that of an update while its row exists
	 * (the first one, if the id was used again), or a position as an id
	 * ("#…") while no row behind it was pruned.  True without an id. */
	bool known;

	/* The key in an id that queue_away_id() made; 0: it has none.  And the
	 * subscriber that is away under that key; NULL: there is none, or not
	 * any more.  The caller frees it. */
	uint64_t away_key;
	struct presence *away;
};

/*
 * Answer the complete question as of one moment, so that each answer is about
 * the same database and equally new.  On failure the caller frees nothing, and
 * *out has no meaning.  Errors as of queue_read().
 */
enum err queue_start(
    struct queue *q, const struct queue_question *ask, struct queue_start *out);

/* The same without a question: where does the log end? */
enum err queue_end(struct queue *q, struct queue_start *out);

#endif
