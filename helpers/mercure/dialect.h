/* SPDX-License-Identifier: MIT */
/* dialect.h - the protocol's generations, as tables. */
#ifndef MERCURE_DIALECT_H
#define MERCURE_DIALECT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "mercure/grant.h"
#include "mercure/refusal.h"
#include "mercure/subscription.h"
#include "text/form.h"
#include "text/json.h"

#define DIALECT_NAMES_MAX 8

struct token_rights;

/* A query parameter whose value is a selector.  A list ends with the name
 * NULL. */
struct dialect_param {
	const char *name;
	enum selector_kind kind;
};

/*
 * One generation of the protocol.  Nothing else in the program compares
 * versions or names a generation: a request gets its dialect from the
 * functions below, and keeps it.  Lists end in NULL; the first name is the
 * one the draft gives, the others are spellings that clients in the field use.
 */
struct dialect {
	const char *version; /* "0.x": as in MERCURE_PROTOCOL_VERSIONS */

	/* Requests to subscribe. */
	struct dialect_param matcher_params[DIALECT_NAMES_MAX];
	const char *last_id_params[DIALECT_NAMES_MAX];
	const char *last_id_response; /* response header */
	const char *last_id_link;     /* parameter of a Link header */

	/* Does a request to subscribe speak this dialect, by its parameters? */
	bool (*owns_query)(const struct form *query);

	/* May a request that speaks this dialect have these parameters?
	 * ERR_SYNTAX, with a sentence for the peer. */
	enum err (*check_query)(const struct form *query, struct problem *p);

	/* Tokens: their carriers, beside "Authorization: Bearer". */
	const char *token_param;    /* query parameter, NULL: never there */
	const char *cookie_setting; /* the setting with the cookie's name */

	/* Tokens: requirements that the verifier checks. */
	const char *token_typ; /* header `typ`, if there is one */
	bool needs_expiry;     /* a token without `exp` is refused */

	/*
	 * Read the rights from verified claims.  ERR_TOKEN: their form is not
	 * that of the draft (the problem says what differs, for the log).
	 * ERR_LIMIT: more than `matchers_max` selectors for one right, or one
	 * of them is too complex.  ERR_NOMEM.  `key` and `expires_ms` go into
	 * the grant.
	 */
	enum err (*read_grant)(struct grant **out, const json_t *claims,
	    uint64_t key, int64_t expires_ms, size_t matchers_max,
	    struct problem *p);

	/* Add the claims of a new token.  Errors as of token_mint(). */
	enum err (*write_claims)(
	    json_t *claims, const struct token_rights *r, struct problem *p);

	/* The answer to a request that is refused. */
	const char *problem_type; /* Content-Type of a problem's text */
	void (*write_problem)(
	    struct buf *out, int status, const char *sentence);
	void (*refuse)(struct refusal_answer *out, const struct refusal *r);

	/* Documents and paths of active subscriptions, and events about
	 * them. */
	const struct subscription_form *subscriptions;
};

/* The dialects in force, newest first; at least one. */
#define DIALECTS_MAX 4
struct dialects {
	const struct dialect *v[DIALECTS_MAX];
	size_t n;
};

/*
 * Read the dialects that `versions` names (separated by blanks).  Returns NULL,
 * or the end of a sentence that begins with the name of the setting: none is
 * named, one is named twice, or this program does not have one; the text names
 * all that it has.
 */
const char *dialects_read(struct dialects *out, struct slice versions);

/* The dialect for what a program sends or prints by itself: the oldest in
 * force, which every hub and client knows. */
const struct dialect *dialects_common(const struct dialects *in_force);

/* The dialect of a request to subscribe: the newest whose parameters it has,
 * else the oldest in force. */
const struct dialect *dialects_of_query(
    const struct dialects *in_force, const struct form *query);

/* A carrier of tokens: finds the token that a request brings for dialect `d`.
 * False: none. */
typedef bool dialect_token_fn(
    void *arg, const struct dialect *d, struct slice *token);

/*
 * The dialect of a request to publish or to list subscriptions: the newest
 * whose type its token has, else the oldest in force.  The type is not
 * verified here; token_verify() does that.
 */
const struct dialect *dialects_of_token(
    const struct dialects *in_force, dialect_token_fn *find, void *arg);

/* The entry of `d->matcher_params` with this name, or NULL. */
const struct dialect_param *dialect_matcher_param(
    const struct dialect *d, struct slice name);

/* The name of the parameter for selectors of this kind, or NULL. */
const char *dialect_param_name(
    const struct dialect *d, enum selector_kind kind);

#endif
