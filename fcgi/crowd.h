/* SPDX-License-Identifier: MIT */
/* crowd.h - this process's streams among those of all, which limits count. */
#ifndef CROWD_H
#define CROWD_H

#include <sys/queue.h>

#include "crowd_table.h"
#include "queue.h"

/*
 * A stream takes its place before its answer is decided, in memory that all
 * processes of a queue share.  What holds the places may be another file from
 * one moment to the next, since others write in its folder: then this process
 * enters all of its own into the new one.  All functions are for any thread.
 */
struct crowd;

/* Who has a place; embedded, and for crowd.c alone. */
struct crowd_place {
	LIST_ENTRY(crowd_place) links;
	struct crowd *crowd; /* NULL: it has none */
	struct crowd_keys keys;
	struct crowd_seat seat;
	bool seated;
};

/* Copies the settings.  ERR_NOMEM. */
enum err crowd_new(struct crowd **out, const struct queue_settings *s);

/*
 * Take a place, unless a limit is reached.  `parked` (0: none): the key of the
 * row that the subscriber comes back for; it takes the place that was kept for
 * it.  ERR_LIMIT: the fault is for the peer and names the setting.  Others: the
 * streams cannot be counted, the log says why, and a limit applies to this one;
 * the fault is for the peer.  Where none applies it enters all the same.
 */
enum err crowd_enter(struct crowd_place *p, struct crowd *c,
    const struct crowd_keys *keys, uint64_t parked,
    const struct crowd_limits *limits, struct fault *f);

/* It has ended; it comes back for its row until then (real clock); it never
 * began, and what was kept for it is kept on.  Nothing happens without a
 * place. */
void crowd_leave(struct crowd_place *p);
void crowd_park(struct crowd_place *p, uint64_t parked, int64_t until_ms);
void crowd_give_back(struct crowd_place *p);

/* Call it once a second: are all of this process still counted? */
void crowd_look(struct crowd *c);

void crowd_free(struct crowd *c); /* NULL is allowed; nobody has a place */

#endif
