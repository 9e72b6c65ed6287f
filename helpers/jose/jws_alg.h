/* SPDX-License-Identifier: MIT */
/* jws_alg.h - signature algorithms (RFC 7518, 8037); for jws*.c only. */
#ifndef JOSE_JWS_ALG_H
#define JOSE_JWS_ALG_H

#include <openssl/evp.h>

#include "base/err.h"
#include "base/slice.h"

#define JWS_RSA_BITS_MIN 2048
#define JWS_RSA_BITS_MAX 8192 /* checking a longer one takes seconds */

struct jws_key;

struct jws_alg {
	const char *name;  /* as in the header's `alg` */
	const char *type;  /* of the key, as OpenSSL calls it; NULL: a secret */
	const char *curve; /* of an EC key, as OpenSSL calls it */
	size_t half;       /* bytes of r and of s in an ECDSA signature */

	/* NULL: the algorithm has its own. */
	const EVP_MD *(*digest)(void);

	/* ERR_TOKEN: the signature is not the key's for `text`.  ERR_NOMEM. */
	enum err (*verify)(
	    const struct jws_key *k, struct slice text, struct slice signature);
};

/* The algorithm of this name, in this very spelling, or NULL. */
const struct jws_alg *jws_alg_find(struct slice name);

/* The algorithm that a public key of this kind is for if nothing says
 * another: RS256, ES256, ES384, ES512 or EdDSA.  NULL: none. */
const struct jws_alg *jws_alg_of_key(const EVP_PKEY *pkey);

/*
 * Is the public key one for this algorithm: of its type, on its curve, RSA
 * keys of JWS_RSA_BITS_MIN to JWS_RSA_BITS_MAX bits, and mathematically
 * sound?  ERR_SYNTAX: not, the problem says why.  ERR_NOMEM.
 */
enum err jws_alg_check(
    const struct jws_alg *alg, EVP_PKEY *pkey, struct problem *p);

#endif
