/* SPDX-License-Identifier: MIT */
/* roster_lists.h - what the roster's entries wait in, for the publish thread. */
#ifndef ROSTER_LISTS_H
#define ROSTER_LISTS_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

/* How many parts a delay has: all that wait for as many parts have a list, in
 * whose order they are due. */
#define ROSTER_PARTS 8

/* ROSTER_NONE is 0: a zeroed link is in no list. */
enum roster_list {
	ROSTER_NONE,
	ROSTER_MEMBERS,   /* all but strangers */
	ROSTER_LEAVING,   /* strangers whose rows are to go, */
	ROSTER_STRANGERS, /* and others that are due */
	ROSTER_YOUNG,     /* those that are not; as many lists as parts */
	ROSTER_LISTS = ROSTER_YOUNG + ROSTER_PARTS
};

/* Embedded in an entry. */
struct roster_link {
	TAILQ_ENTRY(roster_link) links;
	int64_t due_ms;               /* clock_mono_ms() */
	enum roster_list list, young; /* where it is, or would be until due */
};

TAILQ_HEAD(roster_queue, roster_link);

/* Owner: whoever has the roster's lock. */
struct roster_lists {
	struct roster_queue v[ROSTER_LISTS]; /* v[ROSTER_NONE] stays empty */
};

void roster_lists_init(struct roster_lists *l);

/* Move to the end of a list, unless it is there.  True: it is the first. */
bool roster_lists_put(
    struct roster_lists *l, struct roster_link *link, enum roster_list list);

/* NULL: there is none. */
struct roster_link *roster_lists_first(
    const struct roster_lists *l, enum roster_list list);

/* It is due after `wait_ms`, at most `delay_ms`, rounded up to a part. */
void roster_link_wait(
    struct roster_link *link, uint32_t wait_ms, uint32_t delay_ms);

/* Those that have become due are among the strangers now. */
void roster_lists_ripen(struct roster_lists *l);

/* When the first stranger is due (clock_mono_ms()); 0: it is; INT64_MAX: there
 * is none. */
int64_t roster_lists_due_ms(const struct roster_lists *l);

#endif
