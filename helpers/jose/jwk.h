/* SPDX-License-Identifier: MIT */
/* jwk.h - JSON Web Keys (RFC 7517; 7518, section 6; 8037); for jws*.c only. */
#ifndef JOSE_JWK_H
#define JOSE_JWK_H

#include <stdbool.h>

#include "jose/jws_key.h"
#include "text/json.h"

/* Is the text meant as a JWK or a set of them, well written or not? */
bool jwk_is(struct slice text);

/*
 * Make a key of a JWK: RSA, EC (P-256, P-384, P-521), OKP (Ed25519) or, if
 * not `public_only`, oct.  It serves the algorithm of its member `alg`, else
 * `pinned`, else (NULL) the usual one of its kind, which an oct key has not.
 * ERR_SYNTAX: it is none, is not for verifying (`use`, `key_ops`), is private,
 * is for another algorithm than `pinned`, or fails as in jws_key_of_public().
 * The problem says why.  ERR_NOMEM.
 */
enum err jwk_read(struct jws_key **out, const json_t *jwk,
    const struct jws_alg *pinned, bool public_only, struct problem *p);

#endif
