/* SPDX-License-Identifier: MIT */
/* jws_key.h - what a key and a set of keys are made of; for jws*.c only. */
#ifndef JOSE_JWS_KEY_H
#define JOSE_JWS_KEY_H

#include "jose/jws_alg.h"
#include "jose/jws_keys.h"

struct jws_key {
	const struct jws_alg *alg; /* the only one it is used with */
	uint64_t fingerprint;
	EVP_PKEY *pkey;        /* NULL: the key is `secret` */
	char kid[JWS_KID_MAX]; /* "": none */
	size_t len;
	uint8_t secret[];
};

struct jws_keys {
	_Atomic unsigned refs;
	size_t n;
	struct jws_key *key[JWS_KEYS_MAX];
};

/* A key of these bytes, copied, for an HMAC algorithm.  ERR_SYNTAX: too few, or
 * too many, or `alg` is another kind, or they look like a public key.
 * ERR_NOMEM. */
enum err jws_key_of_secret(struct jws_key **out, struct slice secret,
    const struct jws_alg *alg, struct problem *p);

/*
 * A key that keeps a reference to `pkey`, for `alg` (NULL: the usual one of
 * its kind).  Errors as jws_alg_check().
 */
enum err jws_key_of_public(struct jws_key **out, EVP_PKEY *pkey,
    const struct jws_alg *alg, struct problem *p);

void jws_key_free(struct jws_key *k); /* wipes; NULL is allowed */

#endif
