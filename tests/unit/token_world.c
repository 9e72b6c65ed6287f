/* SPDX-License-Identifier: MIT */
/* token_world.c - hubs with keys of each kind, and tokens for them. */
#include "unit/token_world.h"

#include <openssl/ec.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "text/base64url.h"
#include "unit/jws_forge.h"
#include "unit/jws_pair.h"

const struct world_hub world_hubs[HUBS_N] = {
	[HUB_SECRET] = { NULL, "HS256", "HS256" },
	[HUB_RSA] = { "RSA", "RS256", "RS256" },
	[HUB_RSA_JWK] = { "RSA", NULL, "RS256" },
	[HUB_EC] = { "P-256", "ES256", "ES256" },
};

int
world_make(void **state)
{
	struct world *w = mem_calloc(1, sizeof(*w));

	for (int i = 0; i < HUBS_N; i++) {
		buf_init(&w->text[i], FORGE_MAX);
		if (world_hubs[i].kind != NULL)
			w->pair[i] = pair_new(world_hubs[i].kind);
		if (i == HUB_SECRET)
			buf_text(&w->text[i], SECRET);
		else if (i == HUB_RSA_JWK)
			pair_jwk(&w->text[i], w->pair[i], "");
		else
			pair_pem(&w->text[i], w->pair[i]);
		assert_int_equal(
		    jws_keys_new(&w->keys[i], buf_view(&w->text[i]),
			world_hubs[i].alg, NULL),
		    ERR_OK);
	}
	w->p384 = pair_new("P-384");
	*state = w;
	return 0;
}

int
world_free(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < HUBS_N; i++) {
		EVP_PKEY_free(w->pair[i]);
		buf_free(&w->text[i]);
		jws_keys_free(w->keys[i]);
	}
	EVP_PKEY_free(w->p384);
	mem_free(w);
	return 0;
}

void
sign_honestly(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	if (hub == HUB_SECRET)
		forge(out, header, claims, slice_of(SECRET), EVP_sha256());
	else
		pair_sign(
		    out, w->pair[hub], world_hubs[hub].signs, header, claims);
}

/* A MAC by what everybody knows: the text of the public key. */
void
sign_by_key_text(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	forge(out, header, claims, buf_view(&w->text[hub]), EVP_sha256());
}

void
sign_by_empty_key(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	(void)w;
	(void)hub;
	forge(out, header, claims, slice_of(""), EVP_sha256());
}

void
sign_hs384(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	(void)w;
	(void)hub;
	forge(out, header, claims, slice_of(SECRET), EVP_sha384());
}

void
sign_rs512(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	pair_sign(out, w->pair[hub], "RS512", header, claims);
}

void
sign_ps256(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	pair_sign(out, w->pair[hub], "PS256", header, claims);
}

void
sign_p384(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	(void)hub;
	pair_sign(out, w->p384, "ES256", header, claims);
}

/* Honestly, and then something in place of the signature's bytes. */
static void
sign_and_replace(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims, const uint8_t *bytes, size_t len)
{
	sign_honestly(out, w, hub, header, claims);
	while (out->base[out->len - 1] != '.')
		out->len--;
	base64url_encode(out, bytes, len);
}

void
sign_nothing(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	sign_and_replace(out, w, hub, header, claims, NULL, 0);
}

/* The order of P-256 (SEC 2, 2.4.2), which no r or s may reach. */
static const uint8_t order[32] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
	0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };

/* r and s: zero, the order, or what is honest. */
enum half { HALF_HONEST, HALF_ZERO, HALF_ORDER };

static void
sign_halves(struct buf *out, const struct world *w, struct slice header,
    struct slice claims, enum half r, enum half s)
{
	const enum half halves[] = { r, s };
	struct slice rest, part;
	struct buf bytes;

	sign_honestly(out, w, HUB_EC, header, claims);
	rest = buf_view(out);
	for (int i = 0; i < 3; i++)
		assert_true(slice_cut(&rest, '.', &part));
	buf_init(&bytes, 64);
	assert_int_equal(base64url_decode(&bytes, part), ERR_OK);
	for (int i = 0; i < 2; i++) {
		if (halves[i] == HALF_ZERO)
			memset(bytes.base + 32 * i, 0, 32);
		if (halves[i] == HALF_ORDER)
			memcpy(bytes.base + 32 * i, order, 32);
	}
	out->len -= part.len;
	base64url_encode(out, (const uint8_t *)bytes.base, bytes.len);
	buf_free(&bytes);
}

#define SIGN_HALVES(name, r, s)                                         \
	void name(struct buf *out, const struct world *w, enum hub hub, \
	    struct slice header, struct slice claims)                   \
	{                                                               \
		(void)hub;                                              \
		sign_halves(out, w, header, claims, r, s);              \
	}
SIGN_HALVES(sign_r_zero, HALF_ZERO, HALF_HONEST)
SIGN_HALVES(sign_s_zero, HALF_HONEST, HALF_ZERO)
SIGN_HALVES(sign_both_zero, HALF_ZERO, HALF_ZERO)
SIGN_HALVES(sign_r_order, HALF_ORDER, HALF_HONEST)
SIGN_HALVES(sign_s_order, HALF_HONEST, HALF_ORDER)

void
sign_der(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	uint8_t der[128];
	size_t len = sizeof(der);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	sign_nothing(out, w, hub, header, claims);
	assert_int_equal(
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, w->pair[hub]), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &len,
			     (const uint8_t *)out->base, out->len - 1),
	    1);
	EVP_MD_CTX_free(ctx);
	base64url_encode(out, der, len);
}

/* Honestly, and then `text` behind it. */
#define SIGN_AND_ADD(name, text)                                        \
	void name(struct buf *out, const struct world *w, enum hub hub, \
	    struct slice header, struct slice claims)                   \
	{                                                               \
		sign_honestly(out, w, hub, header, claims);             \
		buf_text(out, text);                                    \
	}
SIGN_AND_ADD(sign_padded, "==")
SIGN_AND_ADD(sign_exclaimed, "!!")
SIGN_AND_ADD(sign_with_line_feed, "\n")
SIGN_AND_ADD(sign_longer, "AAAA")
SIGN_AND_ADD(sign_fourth_segment, ".AAAA")
SIGN_AND_ADD(sign_fifth_segment, ".AAAA.AAAA")

/* 256 and 64 bytes alike leave four unused bits in the last character. */
void
sign_with_trailing_bits(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	sign_honestly(out, w, hub, header, claims);
	out->base[out->len - 1]++;
}

void
sign_and_cut(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	sign_honestly(out, w, hub, header, claims);
	out->len -= 2;
	out->base[out->len - 1] = 'A'; /* so that no bits are unused */
}

void
sign_two_segments(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	sign_nothing(out, w, hub, header, claims);
	out->len--;
}

static void
fill(struct buf *out, size_t len)
{
	while (out->len < len)
		buf_byte(out, 'A');
}

void
sign_beyond_limit(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	sign_honestly(out, w, hub, header, claims);
	fill(out, JWS_TOKEN_MAX + 1);
}

void
sign_a_megabyte(struct buf *out, const struct world *w, enum hub hub,
    struct slice header, struct slice claims)
{
	sign_honestly(out, w, hub, header, claims);
	fill(out, 1 << 20);
}
