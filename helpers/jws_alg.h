/* SPDX-License-Identifier: MIT */
/* jws_alg.h - the signature algorithms of RFC 7518 as a table; for jws_*.c only. */
#ifndef JWS_ALG_H
#define JWS_ALG_H

#include <openssl/evp.h>

#include "err.h"
#include "slice.h"

struct jws_key;

struct jws_alg {
	const char *name; /* as in the header's `alg` */
	const EVP_MD *(*digest)(void);

	/* ERR_TOKEN: the signature is not the key's for `text`.  ERR_NOMEM. */
	enum err (*verify)(
	    const struct jws_key *k, struct slice text, struct slice signature);
};

/* The algorithm of this name, in this very spelling, or NULL. */
const struct jws_alg *jws_alg_find(const char *name);

#endif
