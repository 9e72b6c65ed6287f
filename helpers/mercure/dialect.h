/* SPDX-License-Identifier: MIT */
/* dialect.h - the protocol's generations, as tables. */
#ifndef MERCURE_DIALECT_H
#define MERCURE_DIALECT_H

#include "base/err.h"
#include "base/slice.h"
#include "mercure/grant.h"
#include "text/json.h"

#define DIALECT_NAMES_MAX 8

/* A query parameter whose value is a selector.  A list ends with the name
 * NULL. */
struct dialect_param {
	const char *name;
	enum selector_kind kind;
};

/*
 * Nothing else in the program compares protocol versions.  Lists end in
 * NULL; the first name is the one the draft gives, the others are spellings
 * that clients in the field use.
 */
struct dialect {
	const char *version; /* "0.x": as in MERCURE_PROTOCOL_VERSIONS */
	struct dialect_param matcher_params[DIALECT_NAMES_MAX];
	const char *last_id_params[DIALECT_NAMES_MAX];
	const char *last_id_response; /* response header */
	const char *token_param;      /* query parameter, NULL: never there */
	const char *token_typ;        /* header `typ` the verifier insists on */

	/*
	 * Read the rights out of verified claims.  ERR_TOKEN: their shape is
	 * not the draft's (the problem tells the log what).  ERR_LIMIT: more
	 * than `matchers_max` selectors for one right, or one of them asks
	 * for too much.  ERR_NOMEM.  `key`
	 * and `expires_ms` go into the grant.
	 */
	enum err (*read_grant)(struct grant **out, const json_t *claims,
	    uint64_t key, int64_t expires_ms, size_t matchers_max,
	    struct problem *p);
};

extern const struct dialect dialect_0x;

/* The dialect called `version`, or NULL. */
const struct dialect *dialect_find(struct slice version);

/* The entry of `d->matcher_params` with this name, or NULL. */
const struct dialect_param *dialect_matcher_param(
    const struct dialect *d, struct slice name);

#endif
