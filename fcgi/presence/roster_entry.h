/* SPDX-License-Identifier: MIT */
/* roster_entry.h - entries and lists that the roster's files share. */
#ifndef PRESENCE_ROSTER_ENTRY_H
#define PRESENCE_ROSTER_ENTRY_H

#include <sys/queue.h>

#include <pthread.h>

#include "presence/roster.h"
#include "presence/roster_lists.h"

#define ROSTER_BUCKETS 256

/* How far its subscriber is. */
enum roster_stage {
	ROSTER_ENTERED, /* it is counted, and has no stream yet */
	ROSTER_BEGAN,   /* it has its stream */
	ROSTER_LEFT     /* it uses the entry no more */
};

struct roster_entry {
	TAILQ_ENTRY(roster_entry) links; /* among all */
	struct roster_link waits;
	LIST_ENTRY(roster_entry) same_token;  /* in a bucket */
	TAILQ_ENTRY(roster_entry) extensions; /* if `extends` */
	struct roster *roster;
	struct presence *presence;
	struct crowd_place place; /* where it is counted */
	int64_t until_ms;
	enum presence_state wanted, written;
	enum roster_stage stage;
	bool away;    /* it is in `away` */
	bool extends; /* its session is to be extended */
	bool taken;   /* the publish thread has its change */
};

LIST_HEAD(roster_bucket, roster_entry);

struct roster {
	struct crowd *crowd;   /* NULL: streams are not counted */
	pthread_mutex_t mutex; /* guards all below */
	TAILQ_HEAD(, roster_entry) all;
	struct roster_lists lists;
	TAILQ_HEAD(, roster_entry) extensions;
	struct roster_bucket tokens[ROSTER_BUCKETS];
	size_t away;    /* left, may be back, never written */
	bool hurries;   /* see roster_hurries() */
	bool has_rules; /* that were not taken yet */
	struct roster_rules rules;
	uint64_t owner, epoch;
	void (*kick)(void *arg);
	void *arg;
};

/* The caller of all functions holds the roster's lock. */

/* The bucket of a token; those without a token are in one by their key. */
struct roster_bucket *roster_entry_bucket(
    struct roster *r, const struct presence *p);

/* It is counted as away, or is not. */
void roster_entry_set_away(struct roster_entry *e, bool away);

/* Its session waits to be extended, or does not. */
void roster_entry_set_extends(struct roster_entry *e, bool extends);

/* When its row is due, as of now. */
void roster_entry_set_due(struct roster_entry *e);

/* Is it a stranger without a row, which is not due? */
bool roster_entry_is_young(const struct roster_entry *e);

/* Put it into the list where it belongs, or free it if it has left and nothing
 * is to be written.  True: there is something for the publish thread, which may
 * be asleep. */
bool roster_entry_arrange(struct roster_entry *e);

/* Free it: nothing more will come of it, and nothing is left to write. */
void roster_entry_drop(struct roster_entry *e);

#endif
