/* SPDX-License-Identifier: MIT */
/* jws_keys.h - the keys that tokens are verified with, each for one algorithm. */
#ifndef JWS_KEYS_H
#define JWS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "slice.h"

#define JWS_KID_MAX 64 /* with its NUL; a longer `kid` counts as none */

struct jws_keys; /* immutable once made; any thread may read */

/*
 * Read keys from `text`, a secret.  `alg` is the one algorithm they serve;
 * NULL stands for HS256.  ERR_UNSUPPORTED: unknown algorithm.  ERR_SYNTAX: an
 * empty secret, or PEM text given as an HMAC secret (RFC 8725, 3.5: that is
 * the algorithm confusion attack in the making).  ERR_NOMEM.
 */
enum err jws_keys_new(
    struct jws_keys **out, struct slice text, const char *alg, struct fault *f);

size_t jws_keys_count(const struct jws_keys *keys); /* at least 1 */

/* A number that tells the i-th key from others and gives nothing of it away. */
uint64_t jws_keys_fingerprint(const struct jws_keys *keys, size_t i);

/* Is the key with this fingerprint among them? */
bool jws_keys_have(const struct jws_keys *keys, uint64_t fingerprint);

void jws_keys_free(struct jws_keys *keys); /* wipes; NULL is allowed */

#endif
