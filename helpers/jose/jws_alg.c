/* SPDX-License-Identifier: MIT */
/* jws_alg.c - the signature algorithms, on OpenSSL's EVP. */
#include "jose/jws_alg.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "jose/jws_key.h"

#define EC_HALF_MAX 66   /* P-521 */
#define EC_GROUP_NAME 32 /* bytes of a curve's name */

static enum err
hmac_verify(const struct jws_key *k, struct slice text, struct slice signature)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (HMAC(k->alg->digest(), k->secret, (int)k->len,
		(const uint8_t *)text.base, text.len, mac, &len) == NULL)
		return ERR_NOMEM;
	if (signature.len != len ||
	    CRYPTO_memcmp(mac, signature.base, len) != 0)
		return ERR_TOKEN;
	return ERR_OK;
}

/* Report a key or signature that OpenSSL refused, and empty its error queue. */
static enum err
refusal(void)
{
	bool no_memory =
	    ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;

	ERR_clear_error();
	return no_memory ? ERR_NOMEM : ERR_TOKEN;
}

typedef int context_setup(EVP_PKEY_CTX *ctx);

static enum err
digest_verify(const struct jws_key *k, context_setup *setup, struct slice text,
    const uint8_t *signature, size_t len)
{
	const EVP_MD *md = k->alg->digest != NULL ? k->alg->digest() : NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL; /* is ctx's */
	enum err e = ERR_OK;

	if (ctx == NULL ||
	    EVP_DigestVerifyInit(ctx, &pctx, md, NULL, k->pkey) != 1 ||
	    (setup != NULL && setup(pctx) != 1) ||
	    EVP_DigestVerify(
		ctx, signature, len, (const uint8_t *)text.base, text.len) != 1)
		e = refusal();
	EVP_MD_CTX_free(ctx);
	return e;
}

static enum err
plain_verify(const struct jws_key *k, struct slice text, struct slice signature)
{
	return digest_verify(
	    k, NULL, text, (const uint8_t *)signature.base, signature.len);
}

/* RFC 7518, 3.5: the salt is as long as the digest, MGF1 has the same. */
static int
pss_setup(EVP_PKEY_CTX *ctx)
{
	int ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);

	return ok != 1 ? ok
		       : EVP_PKEY_CTX_set_rsa_pss_saltlen(
			     ctx, RSA_PSS_SALTLEN_DIGEST);
}

static enum err
pss_verify(const struct jws_key *k, struct slice text, struct slice signature)
{
	return digest_verify(
	    k, pss_setup, text, (const uint8_t *)signature.base, signature.len);
}

/* RFC 7518, 3.4: r and s, each as long as the curve's order, where OpenSSL
 * wants a DER sequence of two numbers. */
static enum err
ecdsa_verify(const struct jws_key *k, struct slice text, struct slice signature)
{
	const uint8_t *bytes = (const uint8_t *)signature.base;
	int half = (int)k->alg->half, len;
	uint8_t der[2 * EC_HALF_MAX + 16], *end = der;
	BIGNUM *r = NULL, *s = NULL;
	ECDSA_SIG *sig = NULL;
	enum err e = ERR_NOMEM;

	if (signature.len != 2 * k->alg->half)
		return ERR_TOKEN;
	if ((r = BN_bin2bn(bytes, half, NULL)) == NULL ||
	    (s = BN_bin2bn(bytes + half, half, NULL)) == NULL ||
	    (sig = ECDSA_SIG_new()) == NULL || ECDSA_SIG_set0(sig, r, s) != 1)
		goto out;
	r = s = NULL; /* are sig's */
	/* Two numbers of `half` bytes, each with a sign and a header. */
	if ((len = i2d_ECDSA_SIG(sig, &end)) < 0)
		goto out;
	e = digest_verify(k, NULL, text, der, (size_t)len);
out:
	ECDSA_SIG_free(sig);
	BN_free(r);
	BN_free(s);
	return e;
}

/* A key that nothing says the algorithm of is for the first row it fits. */
static const struct jws_alg algs[] = {
	{ "HS256", NULL, NULL, 0, EVP_sha256, hmac_verify },
	{ "HS384", NULL, NULL, 0, EVP_sha384, hmac_verify },
	{ "HS512", NULL, NULL, 0, EVP_sha512, hmac_verify },
	{ "RS256", "RSA", NULL, 0, EVP_sha256, plain_verify },
	{ "RS384", "RSA", NULL, 0, EVP_sha384, plain_verify },
	{ "RS512", "RSA", NULL, 0, EVP_sha512, plain_verify },
	{ "PS256", "RSA", NULL, 0, EVP_sha256, pss_verify },
	{ "PS384", "RSA", NULL, 0, EVP_sha384, pss_verify },
	{ "PS512", "RSA", NULL, 0, EVP_sha512, pss_verify },
	{ "ES256", "EC", "prime256v1", 32, EVP_sha256, ecdsa_verify },
	{ "ES384", "EC", "secp384r1", 48, EVP_sha384, ecdsa_verify },
	{ "ES512", "EC", "secp521r1", EC_HALF_MAX, EVP_sha512, ecdsa_verify },
	{ "EdDSA", "ED25519", NULL, 0, NULL, plain_verify },
};

#define ALGS_N (sizeof(algs) / sizeof(algs[0]))

const struct jws_alg *
jws_alg_find(struct slice name)
{
	for (size_t i = 0; i < ALGS_N; i++)
		if (slice_is(name, algs[i].name))
			return &algs[i];
	return NULL;
}

/* A curve that the key spells out, and that is none of OpenSSL's, has no name
 * and fits nothing (CVE-2020-0601). */
static bool
kind_fits(const struct jws_alg *alg, const EVP_PKEY *pkey)
{
	char curve[EC_GROUP_NAME];
	size_t len = 0;

	if (alg->type == NULL || EVP_PKEY_is_a(pkey, alg->type) != 1)
		return false;
	if (alg->curve == NULL)
		return true;
	return EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME,
		   curve, sizeof(curve), &len) == 1 &&
	       strcmp(curve, alg->curve) == 0;
}

const struct jws_alg *
jws_alg_of_key(const EVP_PKEY *pkey)
{
	for (size_t i = 0; i < ALGS_N; i++)
		if (kind_fits(&algs[i], pkey))
			return &algs[i];
	return NULL;
}

enum err
jws_alg_check(const struct jws_alg *alg, EVP_PKEY *pkey, struct problem *p)
{
	int bits = EVP_PKEY_get_bits(pkey);
	EVP_PKEY_CTX *ctx;
	enum err e = ERR_OK;

	if (!kind_fits(alg, pkey))
		return problem_set(p, ERR_SYNTAX,
		    "The key is not of the kind that %s needs.", alg->name);
	if (strcmp(alg->type, "RSA") == 0 &&
	    (bits < JWS_RSA_BITS_MIN || bits > JWS_RSA_BITS_MAX))
		return problem_set(p, ERR_SYNTAX,
		    "The RSA key has %d bits; it must have %d to %d.", bits,
		    JWS_RSA_BITS_MIN, JWS_RSA_BITS_MAX);
	if ((ctx = EVP_PKEY_CTX_new(pkey, NULL)) == NULL)
		return ERR_NOMEM;
	if (EVP_PKEY_public_check(ctx) != 1)
		e = problem_set(p, ERR_SYNTAX,
		    "The key is not sound: its numbers are not a %s key.",
		    alg->type);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return e;
}
