/* SPDX-License-Identifier: MIT */
/* roster_lists.h - lists of roster entries that wait to be written. */
#ifndef PRESENCE_ROSTER_LISTS_H
#define PRESENCE_ROSTER_LISTS_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

/* A delay is divided into so many parts.  Entries that wait for the same number
 * of parts share a list, so that each list is in the order in which they are
 * due. */
#define ROSTER_PARTS 8

/* ROSTER_NONE is 0: a zeroed link is in no list. */
enum roster_list {
	ROSTER_NONE,
	ROSTER_MEMBERS,   /* all but strangers */
	ROSTER_LEAVING,   /* strangers whose rows are to be deleted */
	ROSTER_STRANGERS, /* other strangers that are due */
	ROSTER_YOUNG,     /* strangers that are not due; ROSTER_PARTS lists */
	ROSTER_LISTS = ROSTER_YOUNG + ROSTER_PARTS
};

/* Embedded in an entry. */
struct roster_link {
	TAILQ_ENTRY(roster_link) links;
	int64_t due_ms;         /* clock_mono_ms() */
	enum roster_list list;  /* where it is */
	enum roster_list young; /* where it waits until it is due */
};

TAILQ_HEAD(roster_queue, roster_link);

/* Owner: the thread that holds the roster's lock. */
struct roster_lists {
	struct roster_queue v[ROSTER_LISTS]; /* v[ROSTER_NONE] stays empty */
};

void roster_lists_init(struct roster_lists *l);

/* Move to the end of a list, unless it is in that list.  True: it is the first
 * entry there. */
bool roster_lists_put(
    struct roster_lists *l, struct roster_link *link, enum roster_list list);

/* NULL: there is none. */
struct roster_link *roster_lists_first(
    const struct roster_lists *l, enum roster_list list);

/* Make it due after `wait_ms`, at most `delay_ms`, rounded up to a part. */
void roster_link_wait(
    struct roster_link *link, uint32_t wait_ms, uint32_t delay_ms);

/* Move young entries that have become due to ROSTER_STRANGERS. */
void roster_lists_ripen(struct roster_lists *l);

/* When the first stranger is due (clock_mono_ms()); 0: now; INT64_MAX: there is
 * none. */
int64_t roster_lists_due_ms(const struct roster_lists *l);

#endif
