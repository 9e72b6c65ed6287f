/* SPDX-License-Identifier: MIT */
/* jws_keys.h - keys that verify tokens, each for one algorithm. */
#ifndef JOSE_JWS_KEYS_H
#define JOSE_JWS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define JWS_KEYS_MAX 64   /* of one set */
#define JWS_SECRET_MIN 16 /* bytes; a shorter secret can be guessed */
#define JWS_KID_MAX 64    /* with its NUL; a longer `kid` counts as none */

struct jws_keys; /* counted; immutable once made; any thread may read */

/* All names of algorithms, for sentences and lists of choices. */
#define JWS_ALG_NAMES                                            \
	"HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 " \
	"ES256 ES384 ES512 EdDSA"

/*
 * Read keys from `text`: PEM text holds one public key or more; a JWK or a JWK
 * Set is a JSON object (RFC 7517); any other text is a secret.  `alg` is the
 * one algorithm they serve; NULL leaves it to each key: its member `alg`, else
 * the usual one of its kind (RS256, ES256, ES384, ES512, EdDSA), HS256 for a
 * secret.  Keys of a set that cannot be used are skipped and logged: for
 * another use or algorithm, of an unknown kind, private, not sound.
 *
 * ERR_UNSUPPORTED: unknown algorithm.  ERR_SYNTAX: no key that can be used;
 * an empty secret, one that looks like a public key, or PEM text for an HMAC
 * algorithm (RFC 8725, 3.5: that is the algorithm confusion attack in the
 * making); a key that is not of the algorithm's kind, not sound, private, or
 * an RSA key below 2048 bits.  ERR_LIMIT: too many keys.  ERR_NOMEM.
 */
enum err jws_keys_new(struct jws_keys **out, struct slice text, const char *alg,
    struct problem *p);

/* The same with a JWK or JWK Set that came over a network: a text of another
 * kind is ERR_SYNTAX, and secrets are skipped. */
enum err jws_keys_fetched(struct jws_keys **out, struct slice text,
    const char *alg, struct problem *p);

size_t jws_keys_count(const struct jws_keys *keys); /* at least 1 */

/* A number that distinguishes the i-th key, and reveals nothing of it. */
uint64_t jws_keys_fingerprint(const struct jws_keys *keys, size_t i);

/* The name of the algorithm that the i-th key serves. */
const char *jws_keys_alg(const struct jws_keys *keys, size_t i);

/* The bytes of the i-th key if it is a secret; 0: it is a public key. */
size_t jws_keys_secret_len(const struct jws_keys *keys, size_t i);

/* If the i-th key is a secret shorter than its algorithm's hash, the bytes
 * that RFC 7518, 3.2, wants; else 0. */
size_t jws_keys_secret_wanted(const struct jws_keys *keys, size_t i);

/* Is the key with this fingerprint among them? */
bool jws_keys_have(const struct jws_keys *keys, uint64_t fingerprint);

/* Has one of them this `kid`? */
bool jws_keys_have_kid(const struct jws_keys *keys, const char *kid);

/* Is one of them a secret, which must be kept, and can sign? */
bool jws_keys_have_secret(const struct jws_keys *keys);

/* Each reference is given back with jws_keys_free(), the last of which wipes.
 * NULL is allowed for both. */
struct jws_keys *jws_keys_ref(struct jws_keys *keys);
void jws_keys_free(struct jws_keys *keys);

#endif
