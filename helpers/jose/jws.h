/* SPDX-License-Identifier: MIT */
/* jws.h - JSON Web Signatures in compact form (RFC 7515): verifies, and mints 0.x tokens. */
#ifndef JOSE_JWS_H
#define JOSE_JWS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "jose/jws_keys.h"

#define JWS_TOKEN_MAX 8192

/*
 * What a token says of itself before anybody has verified it: good for
 * choosing the rules to verify it by, and for nothing else.
 */
struct jws_peek {
	char typ[32];          /* lower-cased, without "application/"; "" if
				* absent, not text or too long */
	char kid[JWS_KID_MAX]; /* likewise "" */
	char alg[16];          /* likewise "" */
};
void jws_peek(struct jws_peek *out, struct slice token);

/*
 * Verify `token`, append its payload to *payload and tell in *fingerprint
 * (NULL: nobody asks) which of `keys` it was.  ERR_TOKEN: anything wrong with
 * it; the problem says what, for the log, never for the peer.  Checked, in this
 * order: length, exactly three segments with content, strict base64url, header
 * an object without duplicate keys and without `crit`, `b64` or a key of the
 * sender's choice, `typ` absent or `typ_want` (compared without case and
 * without "application/"), `alg` exactly that of a key, signature (constant
 * time for a MAC).  `kid` is a hint: the keys that have it are tried alone; if
 * there is none, all that are for the `alg`.  The payload may be any bytes.
 * ERR_NOMEM, ERR_LIMIT.
 */
enum err jws_verify(struct buf *payload, uint64_t *fingerprint,
    struct slice token, const struct jws_keys *keys, const char *typ_want,
    struct problem *p);

/* What jws_verify() checks, in its order. */
enum jws_check {
	JWS_FORM,   /* length, segments, base64url */
	JWS_HEADER, /* an object, its parameters, its type */
	JWS_KEY,    /* one is for its algorithm */
	JWS_SIGNATURE,
	JWS_CHECKS
};

/* The same as jws_verify(), and in any case *failed is the check at which it
 * ended, or JWS_CHECKS. */
enum err jws_examine(struct buf *payload, uint64_t *fingerprint,
    enum jws_check *failed, struct slice token, const struct jws_keys *keys,
    const char *typ_want, struct problem *p);

/* Append a token with `claims` (a JSON object) signed by the first secret
 * among `keys`.  ERR_UNSUPPORTED: there is none, public keys cannot sign.
 * ERR_SYNTAX, ERR_NOMEM, ERR_LIMIT. */
enum err jws_mint(struct buf *out, struct slice claims,
    const struct jws_keys *keys, struct problem *p);

#endif
