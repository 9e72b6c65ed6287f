/* SPDX-License-Identifier: MIT */
/* token.h - verifies access tokens, and makes new ones. */
#ifndef MERCURE_TOKEN_H
#define MERCURE_TOKEN_H

#include <stdint.h>

#include "base/buf.h"
#include "jose/jws.h"
#include "mercure/dialect.h"
#include "mercure/grant.h"

/* Not a token: "pushcgi check" sends it to see whether tokens arrive, and the
 * hub's log says so. */
#define TOKEN_OF_CHECK "pushcgi-check"

/* The input of a verification; borrowed. */
struct verifier {
	const struct dialect *dialect;
	const struct jws_keys *keys;
	const char *issuer;   /* the claim `iss`; NULL: not checked */
	const char *audience; /* one of the claim `aud`; NULL: likewise */
};

/* The checks of token_verify(), in order; the first ones are jws_verify()'s. */
enum token_check {
	TOKEN_FORM = JWS_FORM,
	TOKEN_HEADER = JWS_HEADER,
	TOKEN_KEY = JWS_KEY,
	TOKEN_SIGNATURE = JWS_SIGNATURE,
	TOKEN_CLAIMS = JWS_CHECKS, /* an object; issuer and audience */
	TOKEN_TIMES,
	TOKEN_RIGHTS,
	TOKEN_CHECKS
};

/* One word for a check, for logs. */
const char *token_check_name(enum token_check check);

/*
 * Verify `text` at `now_ms` (real clock): signature (jws_verify()), issuer and
 * audience, `exp` and `nbf` (integers or reals; of any other type, or negative,
 * or not finite: refused; `nbf` may be a minute ahead), then the dialect's
 * claims.  *failed is in any case the check at which it ended, or TOKEN_CHECKS.
 * ERR_TOKEN: not valid; the problem says why, for the log only.  ERR_LIMIT:
 * longer than JWS_TOKEN_MAX, or well signed, but with claims beyond a limit;
 * the problem names it, which the peer may know.  ERR_NOMEM.
 */
enum err token_verify(struct grant **out, enum token_check *failed,
    struct slice text, const struct verifier *v, int64_t now_ms,
    size_t matchers_max, struct problem *p);

struct token_rights {
	const struct selector *publish, *subscribe;
	size_t publish_n, subscribe_n;
	struct slice payload; /* JSON text; base NULL: none */
	int64_t expires_s;    /* Unix time; 0: no `exp` */
};

/* Append a token with these rights in the form of `d`.  ERR_SYNTAX: a selector
 * that is empty, not UTF-8 or holds control characters, or a payload that is
 * not JSON.  ERR_NOMEM, ERR_LIMIT. */
enum err token_mint(struct buf *out, const struct token_rights *r,
    const struct dialect *d, const struct jws_keys *keys, struct problem *p);

#endif
