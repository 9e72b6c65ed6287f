/* SPDX-License-Identifier: MIT */
/* jws_alg.c - the signature algorithms, on OpenSSL's EVP. */
#include "jws_alg.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "jws_key.h"

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

static const struct jws_alg algs[] = {
	{ "HS256", EVP_sha256, hmac_verify },
	{ "HS384", EVP_sha384, hmac_verify },
	{ "HS512", EVP_sha512, hmac_verify },
};

const struct jws_alg *
jws_alg_find(const char *name)
{
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (strcmp(algs[i].name, name) == 0)
			return &algs[i];
	return NULL;
}
