/* SPDX-License-Identifier: MIT */
/* jws.h - verifies and signs JSON Web Signatures in compact form (RFC 7515). */
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

/* The checks of jws_verify(), in its order. */
enum jws_check {
	JWS_FORM,   /* length, segments, base64url */
	JWS_HEADER, /* an object, its parameters, its type */
	JWS_KEY,    /* one is for its algorithm */
	JWS_SIGNATURE,
	JWS_CHECKS /* all are passed */
};

/*
 * Verify `token` and append its payload to *payload.  *fingerprint (may be
 * NULL) becomes that of the key which verified it.  *failed (may be NULL) is
 * written in any case: the check that failed, or JWS_CHECKS.  ERR_TOKEN: the
 * token is bad; the problem says why, for the log, never for the peer.
 * Checked, in this order: length, exactly three segments with content, strict
 * base64url, header an object without duplicate keys and without `crit`, `b64`
 * or a key of the sender's choice, `typ` absent or `typ_want` (compared
 * without case and without "application/"), `alg` exactly that of a key,
 * signature (constant time for a MAC).  `kid` is a hint: the keys that have it
 * are tried alone; if there are none, all keys for the `alg`.  The payload may
 * be any bytes.  ERR_NOMEM, ERR_LIMIT.
 */
enum err jws_verify(struct buf *payload, uint64_t *fingerprint,
    enum jws_check *failed, struct slice token, const struct jws_keys *keys,
    const char *typ_want, struct problem *p);

/* Append a token with `claims` (a JSON object) signed by the first secret
 * among `keys`.  ERR_UNSUPPORTED: there is none, public keys cannot sign.
 * ERR_SYNTAX, ERR_NOMEM, ERR_LIMIT. */
enum err jws_mint(struct buf *out, struct slice claims,
    const struct jws_keys *keys, struct problem *p);

#endif
