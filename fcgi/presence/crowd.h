/* SPDX-License-Identifier: MIT */
/* crowd.h - counts streams and views of this process and of all processes. */
#ifndef PRESENCE_CROWD_H
#define PRESENCE_CROWD_H

#include <sys/queue.h>

#include "queue/crowd_count.h"
#include "queue/queue.h"

/*
 * A stream takes its place before its answer is decided, in memory that all
 * processes of a queue share.  Others may replace the file of that memory at
 * any moment; then this process enters all its streams into the new file.  All
 * functions are for any thread.
 */
struct crowd;

/* A topic that a stream has open and counts for. */
struct crowd_view {
	uint64_t topic; /* crowd_key_topic() */
	size_t at;
	bool seated; /* as that of a place */
};

/* One stream's place; embedded in the stream's entry, private to crowd.c. */
struct crowd_place {
	LIST_ENTRY(crowd_place) links;
	struct crowd *crowd; /* NULL: it has none */
	struct crowd_keys keys;
	struct crowd_seat seat;
	bool seated;              /* `seat` is a slot of the present file */
	uint64_t away_key;        /* the row that it comes back for; 0: none */
	struct crowd_view *views; /* NULL: none */
	size_t views_n;
};

/* Copies the settings.  ERR_NOMEM. */
enum err crowd_new(struct crowd **out, const struct queue_settings *s);

/*
 * Take a place, unless a limit is reached.  `away_key` (0: none) is the key of
 * the row that the subscriber comes back for: it takes the place that was kept
 * for it.  ERR_LIMIT: the problem is for the peer and names the setting.  If
 * streams cannot be counted, the log says why; a stream that no limit applies
 * to enters all the same, any other one gets another error, and the problem is
 * for the peer.
 */
enum err crowd_enter(struct crowd_place *p, struct crowd *c,
    const struct crowd_keys *keys, uint64_t away_key,
    const struct crowd_limits *limits, struct problem *why);

/*
 * Let the stream, which has a place, count for these topics.  If there is no
 * room it does not, until there is.  ERR_NOMEM: it counts for none.
 */
enum err crowd_view(struct crowd_place *p, const uint64_t *topics, size_t n);

/* The stream has begun: its subscriber no longer counts as away. */
void crowd_begin(struct crowd_place *p);

/*
 * How many streams of all processes count for each of `n` topics, as
 * crowd_count().  `may_wait`: open the file if need be, and free slots of dead
 * processes if that was not done within the last second; without it, which is
 * for the loop, crowd_look() does both.  ERR_MOVED, or as queue_crowd_open().
 */
enum err crowd_count_views(
    struct crowd *c, struct crowd_count *v, size_t n, bool may_wait);

/*
 * crowd_leave(): the stream has ended.  crowd_away(): it may come back for the
 * row with the key `away_key` until `until_ms` (real clock), and its place is
 * kept so long.  crowd_give_back(): it never began; a place that was kept for
 * it stays kept.  Without a place they do nothing.
 */
void crowd_leave(struct crowd_place *p);
void crowd_away(struct crowd_place *p, uint64_t away_key, int64_t until_ms);
void crowd_give_back(struct crowd_place *p);

/* Call it once a second: enters streams and views of this process again whose
 * slot is gone, and frees slots of dead processes if views are counted. */
void crowd_look(struct crowd *c);

void crowd_free(struct crowd *c); /* NULL is allowed; all places are left */

#endif
