/* SPDX-License-Identifier: MIT */
/* jws.h - JSON Web Signatures in compact form (RFC 7515): verifies, and mints 0.x tokens. */
#ifndef JWS_H
#define JWS_H

#include <stdint.h>

#include "buf.h"
#include "slice.h"

#define JWS_TOKEN_MAX 8192

struct jws_key; /* immutable once made; any thread may read */

/*
 * A key and the one algorithm it serves (HS256, HS384, HS512).  `secret` is
 * copied.  ERR_UNSUPPORTED: unknown algorithm.  ERR_SYNTAX: an empty secret,
 * or PEM text given as an HMAC secret (RFC 8725, 3.5: that is the algorithm
 * confusion attack in the making).  ERR_NOMEM.
 */
enum err jws_key_new(struct jws_key **out, struct slice secret, const char *alg,
    struct fault *f);

/* A number that tells keys apart and gives nothing of them away. */
uint64_t jws_key_fingerprint(const struct jws_key *k);

void jws_key_free(struct jws_key *k); /* wipes; NULL is allowed */

/*
 * What a token says of itself before anybody has verified it: good for
 * choosing the rules to verify it by, and for nothing else.
 */
struct jws_peek {
	char typ[32]; /* lower-cased, without "application/"; "" if absent,
		       * not text or too long */
	char kid[64];
};
void jws_peek(struct jws_peek *out, struct slice token);

/*
 * Verify `token` and append its payload to *payload.  ERR_TOKEN: anything
 * wrong with it; the fault says what, for the log, never for the peer.
 * Checked, in this order: length, exactly three segments with content, strict
 * base64url, header an object without duplicate keys and without `crit`,
 * `b64` or a key of the sender's choice, `typ` absent or `typ_want` (compared
 * without case and without "application/"), `alg` exactly the key's,
 * signature (constant time).  The payload may be any bytes.  ERR_NOMEM,
 * ERR_LIMIT.
 */
enum err jws_verify(struct buf *payload, struct slice token,
    const struct jws_key *k, const char *typ_want, struct fault *f);

/* Append a token with `claims` (a JSON object) signed by `k`.  ERR_SYNTAX,
 * ERR_NOMEM, ERR_LIMIT. */
enum err jws_mint(struct buf *out, struct slice claims, const struct jws_key *k,
    struct fault *f);

#endif
