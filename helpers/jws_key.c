/* SPDX-License-Identifier: MIT */
/* jws_key.c - one key for one algorithm, and its fingerprint. */
#include "jws_key.h"

#include <limits.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "mem.h"

static enum err
secret_check(struct slice secret, struct fault *f)
{
	static const char pem[] = "-----BEGIN ";

	if (secret.len == 0)
		return fault_set(f, ERR_SYNTAX, "The secret key is empty.");
	if (secret.len > INT_MAX)
		return fault_set(f, ERR_SYNTAX, "The secret key is too long.");
	if (memmem(secret.base, secret.len, pem, strlen(pem)) != NULL)
		return fault_set(f, ERR_SYNTAX,
		    "The secret key is PEM text, which HMAC algorithms cannot "
		    "use: anybody who knows the public key could sign.");
	return ERR_OK;
}

/*
 * A MAC by the key itself: it gives away no more of the secret than any
 * token signed with it does.
 */
static enum err
secret_fingerprint(struct jws_key *k)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	char text[64];
	unsigned int len = 0;
	int n;

	n = snprintf(text, sizeof(text), "key fingerprint %s", k->alg->name);
	if (HMAC(EVP_sha256(), k->secret, (int)k->len, (const uint8_t *)text,
		(size_t)n, mac, &len) == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < sizeof(k->fingerprint); i++)
		k->fingerprint = k->fingerprint << 8 | mac[i];
	return ERR_OK;
}

enum err
jws_key_of_secret(struct jws_key **out, struct slice secret,
    const struct jws_alg *alg, struct fault *f)
{
	struct jws_key *k;
	enum err e;

	if ((e = secret_check(secret, f)) != ERR_OK)
		return e;
	if ((k = mem_calloc(1, sizeof(*k) + secret.len)) == NULL)
		return ERR_NOMEM;
	k->alg = alg;
	k->len = secret.len;
	memcpy(k->secret, secret.base, secret.len);
	if ((e = secret_fingerprint(k)) != ERR_OK)
		goto out;

	*out = k;
	k = NULL;
out:
	jws_key_free(k);
	return e;
}

void
jws_key_free(struct jws_key *k)
{
	if (k != NULL)
		mem_wipe_free(k, sizeof(*k) + k->len);
}
