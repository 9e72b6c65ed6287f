/* SPDX-License-Identifier: MIT */
/* session.h - the rights that an application grants to a session. */
#ifndef MERCURE_SESSION_H
#define MERCURE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/slice.h"
#include "mercure/grant.h"

/* A shorter id could be guessed; those of PHP have 22 characters or more. */
#define SESSION_ID_MIN 16
#define SESSION_ID_MAX 1024

/* The cookies that MERCURE_SESSION_COOKIE may name. */
#define SESSION_COOKIES_MAX 4

/* Nobody but the application and the browser knows the id itself. */
struct session_key {
	uint8_t digest[DIGEST_SIZE]; /* SHA-256 of the id */
};

/* One row; its slices are borrowed. */
struct session {
	struct session_key key;
	int64_t until_ms;   /* real clock */
	int64_t kept_ms;    /* the latest end that it ever had */
	int64_t granted_ms; /* when the application granted it last (real
			     * clock); 0: it was granted up to an explicit end,
			     * which is never extended */
	bool moved;         /* it has another id now: this one ends soon */
	struct slice
	    topics; /* selectors (selector.h); empty: it has lost all */
	struct slice payload; /* JSON text; base NULL: none */
};

/* ERR_SYNTAX: too short, too long, or with control characters.  ERR_NOMEM. */
enum err session_key(
    struct session_key *out, struct slice id, struct problem *p);

/* The same for the value of a cookie, in which the id may be percent-encoded.
 * ERR_SYNTAX: it is not a session id.  ERR_NOMEM. */
enum err session_key_of_cookie(struct session_key *out, struct slice value);

/*
 * A grant that allows its session to subscribe, never to publish.  It allows
 * nothing if `s` is NULL, or if a selector in `s` is not one that this program
 * accepts; it knows its session nevertheless, since more may come.  `change`:
 * the number of the last change that is in it.  ERR_NOMEM.
 */
enum err session_grant(struct grant **out, const struct session_key *key,
    const struct session *s, uint64_t change);

#endif
