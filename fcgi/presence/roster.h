/* SPDX-License-Identifier: MIT */
/* roster.h - the subscribers of this process, and changes not yet written. */
#ifndef PRESENCE_ROSTER_H
#define PRESENCE_ROSTER_H

#include "jose/jws_keys.h"
#include "presence/crowd.h"
#include "queue/presence.h"
#include "queue/sessions.h"

/*
 * Each subscriber has one entry, with the state it is to have and the one its
 * row has.  Differences wait in order for the publish thread, so that no
 * stream waits for its row, and nothing grows but with the streams: a
 * subscriber that comes and goes before it was written leaves no trace.  All
 * functions are for any thread.
 *
 * Strangers (presence_is_stranger()) wait longer: a row is due when it is
 * presence.delay_ms old, it is written only while there is room, and of those
 * that left before that but may be back only ROSTER_AWAY_MAX are kept.
 */
struct roster;
struct roster_entry;

#define ROSTER_AWAY_MAX 256

/* ERR_NOMEM. */
enum err roster_new(struct roster **out);

/* Whose rows these are, see queue_settings.owner. */
uint64_t roster_owner(const struct roster *r);

/* Call it first: the roster's subscribers are counted together with those of
 * all processes of this queue.  Without the call no limit holds.  ERR_NOMEM. */
enum err roster_count_in(struct roster *r, const struct queue_settings *s);

/* How a subscriber is counted. */
struct roster_terms {
	struct crowd_limits limits;
	struct crowd_keys keys; /* the token and client it counts for */
	uint64_t away_key; /* the key of the row it comes back for; 0: none */
	/* The topics for which it counts as a viewer (crowd_key_topic()). */
	uint64_t views[CROWD_VIEWS_MAX];
	size_t views_n;
};

/* Call `kick` when the first change waits, or one that hurries; the roster's
 * lock is not held then.  NULL: no longer. */
void roster_on_change(struct roster *r, void (*kick)(void *arg), void *arg);

/*
 * Count one more subscriber, unless a limit is reached (errors as of
 * crowd_enter()).  Takes over `p` on success.  If another stream of this
 * process goes on as the same subscriber already (presence_go_on()), `p`
 * becomes a new one.  ERR_NOMEM.  Nothing is written before
 * roster_begin().
 */
enum err roster_enter(struct roster_entry **out, struct roster *r,
    struct presence *p, const struct roster_terms *terms, struct problem *why);

/* The key of its row; it may become another before that is written. */
uint64_t roster_key(struct roster_entry *e);

/* It has its stream. */
void roster_begin(struct roster_entry *e);

/* It has ended, or never began.  NULL is allowed; the entry is gone for the
 * caller.  roster_away(): it may come back until then (real clock). */
void roster_end(struct roster_entry *e);
void roster_away(struct roster_entry *e, int64_t until_ms);

/* The grant of this subscriber's session is to be extended as roster_rules say;
 * the publish thread does it soon. */
void roster_extend(struct roster_entry *e);

/* The signers (presence.signer) that the settings in force admit, and whether
 * events about subscribers are published. */
struct roster_rules {
	uint64_t signers[PRESENCE_BY_KEY + JWS_KEYS_MAX];
	size_t n;
	bool events; /* events are published */
	struct session_extension extension;
};

/* New settings are in force. */
void roster_use(struct roster *r, const struct roster_rules *rules);

/* Take the last rules, once.  False: there are no new ones. */
bool roster_take_rules(struct roster *r, struct roster_rules *out);

/*
 * The publish thread's side: take up to `max` changes, fewer if they cost more
 * (PRESENCE_COST_MAX), or strangers' more than `room` bytes; try to make them;
 * and report the result.  Failed changes, and those of subscribers that
 * changed meanwhile, wait again.  When `epoch` is another one, all rows are
 * written again.
 */
struct roster_change {
	struct presence_change change; /* its `refused` is the one below */
	struct roster_entry *entry;
	bool refused;
};
size_t roster_take(
    struct roster *r, struct roster_change *out, size_t max, size_t room);
void roster_made(struct roster *r, const struct roster_change *changes,
    size_t n, enum err result, uint64_t epoch);

/* Take the tokens of up to `max` sessions that are to be extended, and how. */
size_t roster_take_extensions(struct roster *r,
    uint8_t (*tokens)[GRANT_TOKEN_SIZE], size_t max,
    struct session_extension *how);

/* Are there such sessions? */
bool roster_extends(struct roster *r);

/* See crowd_count_views(); roster_count_now() does not wait, and its first
 * argument is the roster, as a fanout_count_fn.  ERR_UNSUPPORTED:
 * roster_count_in() was not called. */
enum err roster_count_views(struct roster *r, struct crowd_count *v, size_t n);
enum err roster_count_now(void *roster, struct crowd_count *v, size_t n);

/* Call it once a second; see crowd_look(). */
void roster_look(struct roster *r);

/* Do changes of members (all but strangers) wait?  Does one of a member that
 * is away, and may come back any moment to be recognised by its row?  And when
 * is the first stranger's due (clock_mono_ms(); 0: now; INT64_MAX: none
 * waits)? */
bool roster_waits(struct roster *r);
bool roster_hurries(struct roster *r);
int64_t roster_strangers_ms(struct roster *r);

/* All entries are ended, or are forgotten now.  NULL is allowed. */
void roster_free(struct roster *r);

#endif
