/* SPDX-License-Identifier: MIT */
/* jws_key.h - what a key is made of; for jws.c and jws_mint.c only. */
#ifndef JWS_KEY_H
#define JWS_KEY_H

#include <openssl/evp.h>

#include "jws.h"

/* An algorithm: a row of the table in jws.c. */
struct jws_alg {
	const char *name; /* as in the header's `alg` */
	const EVP_MD *(*digest)(void);

	/* Is `secret` one the algorithm can use?  ERR_SYNTAX and a fault. */
	enum err (*check)(struct slice secret, struct fault *f);

	/* ERR_TOKEN: the signature is not the key's for `text`.  ERR_NOMEM. */
	enum err (*verify)(
	    const struct jws_key *k, struct slice text, struct slice signature);
};

struct jws_key {
	const struct jws_alg *alg;
	uint64_t fingerprint;
	size_t len;
	uint8_t secret[];
};

#endif
