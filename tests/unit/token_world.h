/* SPDX-License-Identifier: MIT */
/* token_world.h - hubs with keys of each kind, and tokens for them. */
#ifndef TOKEN_WORLD_H
#define TOKEN_WORLD_H

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/slice.h"
#include "jose/jws_keys.h"

/* What a hub is configured with. */
enum hub { HUB_SECRET, HUB_RSA, HUB_RSA_JWK, HUB_EC, HUBS_N };

struct world_hub {
	const char *kind;  /* of its key pair; NULL: a secret */
	const char *alg;   /* that is configured; NULL: none */
	const char *signs; /* the algorithm of its honest tokens */
};
extern const struct world_hub world_hubs[HUBS_N];

struct world {
	EVP_PKEY *pair[HUBS_N], *p384;
	struct buf text[HUBS_N]; /* of the key, as it is configured */
	struct jws_keys *keys[HUBS_N];
};

/* Set up and tear down for a group of tests. */
int world_make(void **state);
int world_free(void **state);

/* Append a token with this header and claims, signed in some way. */
typedef void signer(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims);

/* By the key the hub expects. */
signer sign_honestly;

/* By something else: what everybody knows, nothing, another key or way. */
signer sign_by_key_text, sign_by_empty_key, sign_nothing, sign_hs384,
    sign_rs512, sign_ps256, sign_p384, sign_der;

/* Honestly with r or s, or both, replaced: by zero, by the curve's order. */
signer sign_r_zero, sign_s_zero, sign_both_zero, sign_r_order, sign_s_order;

/* Honestly, and then the text is spoilt. */
signer sign_padded, sign_exclaimed, sign_with_line_feed,
    sign_with_trailing_bits, sign_longer, sign_and_cut, sign_two_segments,
    sign_fourth_segment, sign_fifth_segment, sign_beyond_limit, sign_a_megabyte;

#endif
