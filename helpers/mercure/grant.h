/* SPDX-License-Identifier: MIT */
/* grant.h - what a verified token, or a session, allows its bearer to do. */
#ifndef MERCURE_GRANT_H
#define MERCURE_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "match/matcher.h"

struct grant; /* immutable once made; any thread may read */

struct grant_parts {
	struct matcher_list publish, subscribe;
	int64_t expires_ms;      /* real clock; INT64_MAX: never */
	uint64_t key;            /* the fingerprint of its key (jws_verify()) */
	struct slice payload;    /* JSON text, copied; base NULL: none */
	bool by_session;         /* without a token: the rights of a session, */
	uint64_t session_change; /* with all changes up to this one */
	int64_t granted_ms;      /* session.granted_ms */
};

/* Moves both lists out of *parts on success.  One reference is the
 * caller's.  ERR_NOMEM. */
enum err grant_new(struct grant **out, struct grant_parts *parts);

/* Is *every* topic of the update allowed to be published? (draft 7,
 * "Publishers") */
bool grant_may_publish(const struct grant *g, struct slice topics);

/* Is *any* topic of the update allowed to be received in private? (draft 7,
 * "Subscribers")  *steps (NULL is allowed) as of matcher_matches_cached(). */
bool grant_may_receive(
    const struct grant *g, struct slice topics, size_t *steps);

/* May it allow any of the hub's own updates, those about subscriptions?
 * Compares the beginnings of its selectors only, so true is not certain. */
bool grant_may_receive_hub(const struct grant *g);

/* The selectors of either right; they live as long as the grant. */
const struct matcher_list *grant_publish(const struct grant *g);
const struct matcher_list *grant_subscribe(const struct grant *g);

bool grant_has_publish(const struct grant *g); /* any publish right at all */

/* Is it the grant of a session?  Does it allow no private update? */
bool grant_is_session(const struct grant *g);
bool grant_is_empty(const struct grant *g);

/* The grant includes all changes of its session up to this one
 * (queue/sessions.h). */
uint64_t grant_session_change(const struct grant *g);

/* When the application granted it, if it may be extended (session.h); 0: it may
 * not. */
int64_t grant_granted_ms(const struct grant *g);

int64_t grant_expires_ms(const struct grant *g);
uint64_t grant_key(const struct grant *g);
struct slice grant_payload(const struct grant *g);

/* A digest by which its token (or session) is counted and compared, the same
 * for each signature of it.  Set it before the grant is shared; else it is all
 * zero. */
#define GRANT_TOKEN_SIZE 16
void grant_set_token(struct grant *g, const uint8_t token[GRANT_TOKEN_SIZE]);
const uint8_t *grant_token(const struct grant *g);

/* The tokens of other sessions that the same browser has, if it was not certain
 * that this one is meant: a change of them decides again.  `n` is at most
 * GRANT_OTHERS_MAX.  Set them before the grant is shared. */
#define GRANT_OTHERS_MAX 3
void grant_set_others(
    struct grant *g, const uint8_t (*tokens)[GRANT_TOKEN_SIZE], size_t n);
size_t grant_others_n(const struct grant *g);
const uint8_t *grant_other(const struct grant *g, size_t i);

/* A number for its holder in counts: the same for all tokens that a key signed
 * for one subject; 0: not known.  Set it before the grant is shared. */
void grant_set_holder(struct grant *g, uint64_t holder);
uint64_t grant_holder(const struct grant *g);

struct grant *grant_ref(struct grant *g); /* atomic count */
void grant_unref(struct grant *g);        /* NULL is allowed */

#endif
