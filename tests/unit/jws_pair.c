/* SPDX-License-Identifier: MIT */
/* jws_pair.c - key pairs for tests: made, written down, and signed with. */
#include "unit/jws_pair.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "text/base64url.h"
#include "unit/jws_forge.h"

#define SIGNATURE_MAX 1024
#define NUMBER_MAX 1024

const struct pair_alg pair_algs[PAIR_ALGS_N] = { { "RS256", "RSA" },
	{ "RS384", "RSA" }, { "RS512", "RSA" }, { "PS256", "RSA" },
	{ "PS384", "RSA" }, { "PS512", "RSA" }, { "ES256", "P-256" },
	{ "ES384", "P-384" }, { "ES512", "P-521" }, { "EdDSA", "ED25519" } };

EVP_PKEY *
pair_new(const char *kind)
{
	EVP_PKEY *pair;

	if (strcmp(kind, "RSA") == 0)
		pair = EVP_RSA_gen(2048);
	else if (strcmp(kind, "RSA-1024") == 0)
		pair = EVP_RSA_gen(1024);
	else if (strcmp(kind, "ED25519") == 0)
		pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		pair = EVP_EC_gen(kind);
	assert_non_null(pair);
	return pair;
}

void
pair_pem(struct buf *out, EVP_PKEY *pair)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, pair), 1);
	len = BIO_get_mem_data(bio, &text);
	buf_add(out, text, (size_t)len);
	BIO_free(bio);
}

/* Append ,"name":"…" with a number of the key in `size` bytes (0: as few as
 * it takes). */
static void
jwk_number(struct buf *out, EVP_PKEY *pair, const char *name, const char *param,
    int size)
{
	uint8_t bytes[NUMBER_MAX];
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(pair, param, &n), 1);
	if (size == 0)
		size = BN_num_bytes(n);
	assert_int_equal(BN_bn2binpad(n, bytes, size), size);
	buf_printf(out, ",\"%s\":\"", name);
	base64url_encode(out, bytes, (size_t)size);
	buf_byte(out, '"');
	BN_free(n);
}

void
pair_jwk(struct buf *out, EVP_PKEY *pair, const char *more)
{
	int bits = EVP_PKEY_get_bits(pair), half = (bits + 7) / 8;
	uint8_t x[32];
	size_t len = sizeof(x);

	if (EVP_PKEY_is_a(pair, "RSA")) {
		buf_text(out, "{\"kty\":\"RSA\"");
		jwk_number(out, pair, "n", OSSL_PKEY_PARAM_RSA_N, 0);
		jwk_number(out, pair, "e", OSSL_PKEY_PARAM_RSA_E, 0);
	} else if (EVP_PKEY_is_a(pair, "EC")) {
		buf_printf(out, "{\"kty\":\"EC\",\"crv\":\"P-%d\"", bits);
		jwk_number(out, pair, "x", OSSL_PKEY_PARAM_EC_PUB_X, half);
		jwk_number(out, pair, "y", OSSL_PKEY_PARAM_EC_PUB_Y, half);
	} else {
		assert_int_equal(EVP_PKEY_get_raw_public_key(pair, x, &len), 1);
		buf_text(out, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"");
		base64url_encode(out, x, len);
		buf_byte(out, '"');
	}
	buf_printf(out, "%s}", more);
	assert_int_equal(out->err, ERR_OK);
}

static const EVP_MD *
digest_of(const char *alg)
{
	if (strcmp(alg, "EdDSA") == 0)
		return NULL;
	return alg[2] == '2'   ? EVP_sha256()
	       : alg[2] == '3' ? EVP_sha384()
			       : EVP_sha512();
}

/* OpenSSL's DER sequence as r and s of the curve's length. */
static size_t
join_halves(uint8_t *bytes, size_t len, EVP_PKEY *pair)
{
	const uint8_t *at = bytes;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	int half = (EVP_PKEY_get_bits(pair) + 7) / 8;

	assert_non_null(sig);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), bytes, half);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), bytes + half, half);
	ECDSA_SIG_free(sig);
	return (size_t)(2 * half);
}

void
pair_sign(struct buf *out, EVP_PKEY *pair, const char *alg, struct slice header,
    struct slice payload)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t bytes[SIGNATURE_MAX];
	size_t len = sizeof(bytes), start = out->len;
	EVP_PKEY_CTX *pctx;

	base64url_encode(out, (const uint8_t *)header.base, header.len);
	buf_byte(out, '.');
	base64url_encode(out, (const uint8_t *)payload.base, payload.len);
	assert_int_equal(
	    EVP_DigestSignInit(ctx, &pctx, digest_of(alg), NULL, pair), 1);
	if (alg[0] == 'P')
		assert_true(EVP_PKEY_CTX_set_rsa_padding(
				pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
			    EVP_PKEY_CTX_set_rsa_pss_saltlen(
				pctx, RSA_PSS_SALTLEN_DIGEST) == 1);
	assert_int_equal(
	    EVP_DigestSign(ctx, bytes, &len, (const uint8_t *)out->base + start,
		out->len - start),
	    1);
	EVP_MD_CTX_free(ctx);
	if (EVP_PKEY_is_a(pair, "EC"))
		len = join_halves(bytes, len, pair);
	buf_byte(out, '.');
	base64url_encode(out, bytes, len);
	assert_int_equal(out->err, ERR_OK);
}

void
pair_token(struct buf *out, EVP_PKEY *pair, const char *alg)
{
	char header[64];

	snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", alg);
	pair_sign(out, pair, alg, slice_of(header), slice_of(CLAIMS));
}
