/* SPDX-License-Identifier: MIT */
/* jws_pair.h - key pairs for tests: made, written down, and signed with. */
#ifndef JWS_PAIR_H
#define JWS_PAIR_H

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/slice.h"

/* All asymmetric algorithms and the kind of key each needs. */
struct pair_alg {
	const char *name, *kind;
};
#define PAIR_ALGS_N 10
extern const struct pair_alg pair_algs[PAIR_ALGS_N];

/* A new key: "RSA" (2048 bits), "RSA-1024", "P-256", "P-384", "P-521",
 * "ED25519" or another curve's name.  EVP_PKEY_free(). */
EVP_PKEY *pair_new(const char *kind);

/* Append the public key as PEM text. */
void pair_pem(struct buf *out, EVP_PKEY *pair);

/*
 * Append the public key as a JWK with `more` members, such as
 * ",\"kid\":\"1\"".
 */
void pair_jwk(struct buf *out, EVP_PKEY *pair, const char *more);

/*
 * Append header.payload and the signature over it as `alg` says, whatever
 * the header says.
 */
void pair_sign(struct buf *out, EVP_PKEY *pair, const char *alg,
    struct slice header, struct slice payload);

/* The same with {"alg":...} as header and the payload CLAIMS. */
void pair_token(struct buf *out, EVP_PKEY *pair, const char *alg);

#endif
