/* SPDX-License-Identifier: MIT */
/* jws_forge.h - makes tokens that say anything, signed as one likes. */
#ifndef JWS_FORGE_H
#define JWS_FORGE_H

#include <openssl/evp.h>

#include "jose/jws.h"

#define FORGE_MAX (4 << 20)

#define SECRET "a secret of 32 bytes, as advised"
#define HONEST "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define CLAIMS "{\"mercure\":{\"publish\":[\"*\"],\"subscribe\":[]}}"
#define PEM                                                                  \
	"-----BEGIN PUBLIC KEY-----\n"                                       \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n" \
	"q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n"     \
	"-----END PUBLIC KEY-----\n"

struct jws_keys *forge_key(const char *secret, const char *alg);

/* Append header.payload and the MAC of it by `secret`, whatever they say. */
void forge(struct buf *out, struct slice header, struct slice payload,
    struct slice secret, const EVP_MD *digest);

/* The same with `header`, CLAIMS, SECRET and SHA-256. */
void forge_header(struct buf *out, const char *header);

/*
 * Verify with `k` and the type JWT, and fail the test called `name` if a
 * refusal touches the payload, has no reason, or names the secret.
 */
enum err forge_verify(
    const char *name, struct slice token, const struct jws_keys *k);

#endif
