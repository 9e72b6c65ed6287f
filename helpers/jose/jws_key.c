/* SPDX-License-Identifier: MIT */
/* jws_key.c - one key for one algorithm, and its fingerprint. */
#include "jose/jws_key.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "base/mem.h"

/*
 * How public keys start that people paste without their PEM armour, or from
 * the wrong program.  As a secret, anybody who knows them could sign.
 */
static const char *const public_starts[] = { "ssh-", "ecdsa-sha2-", "sk-ssh-",
	"sk-ecdsa-", "---- BEGIN",
	/* RSA of 2048, 3072, 4096, 8192 bits: SubjectPublicKeyInfo, PKCS #1 */
	"MIIBIjANBgkqhkiG9w0B", "MIIBojANBgkqhkiG9w0B", "MIICIjANBgkqhkiG9w0B",
	"MIIEIjANBgkqhkiG9w0B", "MIIBCgKCAQEA", "MIIBigKCAYEA", "MIICCgKCAgEA",
	/* P-256, P-384, P-521, Ed25519 */
	"MFkwEwYHKoZIzj0C", "MHYwEAYHKoZIzj0C", "MIGbMBAGByqGSM49",
	"MCowBQYDK2Vw" };

/* Behind the blanks and the byte order mark that editors put in front. */
static struct slice
start_of(struct slice text)
{
	static const char bom[] = "\xef\xbb\xbf";

	if (slice_starts(text, bom))
		text = slice_after(text, sizeof(bom) - 1);
	return slice_trim(text);
}

static bool
looks_public(struct slice secret)
{
	struct slice start = start_of(secret);

	for (size_t i = 0; i < sizeof(public_starts) / sizeof(public_starts[0]);
	     i++)
		if (slice_starts(start, public_starts[i]))
			return true;
	return false;
}

static enum err
secret_check(struct slice secret, const struct jws_alg *alg, struct problem *p)
{
	if (alg->type != NULL)
		return problem_set(p, ERR_SYNTAX,
		    "%s needs a public key: PEM text, a JWK or a set of "
		    "JWKs.",
		    alg->name);
	if (secret.len == 0)
		return problem_set(p, ERR_SYNTAX, "The secret key is empty.");
	if (secret.len > INT_MAX)
		return problem_set(
		    p, ERR_SYNTAX, "The secret key is too long.");
	if (looks_public(secret))
		return problem_set(p, ERR_SYNTAX,
		    "The secret key looks like a public key without its lines "
		    "-----BEGIN and -----END.");
	if (secret.len < JWS_SECRET_MIN)
		return problem_set(p, ERR_SYNTAX,
		    "The secret key has %zu bytes, and fewer than %d can be "
		    "guessed from a token: pushcgi gen-secret-key makes one.",
		    secret.len, JWS_SECRET_MIN);
	return ERR_OK;
}

static uint64_t
print_of(const uint8_t *digest)
{
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof(n); i++)
		n = n << 8 | digest[i];
	return n;
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
	k->fingerprint = print_of(mac);
	return ERR_OK;
}

/* The same key for another algorithm is another key. */
static enum err
public_fingerprint(struct jws_key *k)
{
	const char *name = k->alg->name;
	uint8_t digest[EVP_MAX_MD_SIZE], *der = NULL;
	int len = i2d_PUBKEY(k->pkey, &der);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum err e = ERR_NOMEM;

	if (len > 0 && ctx != NULL &&
	    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, name, strlen(name) + 1) == 1 &&
	    EVP_DigestUpdate(ctx, der, (size_t)len) == 1 &&
	    EVP_DigestFinal_ex(ctx, digest, NULL) == 1) {
		k->fingerprint = print_of(digest);
		e = ERR_OK;
	}
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
	return e;
}

enum err
jws_key_of_secret(struct jws_key **out, struct slice secret,
    const struct jws_alg *alg, struct problem *p)
{
	struct jws_key *k;
	enum err e;

	if ((e = secret_check(secret, alg, p)) != ERR_OK)
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

enum err
jws_key_of_public(struct jws_key **out, EVP_PKEY *pkey,
    const struct jws_alg *alg, struct problem *p)
{
	struct jws_key *k;
	enum err e;

	if (alg == NULL && (alg = jws_alg_of_key(pkey)) == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "The key is none of RSA, P-256, P-384, P-521 or Ed25519.");
	if ((e = jws_alg_check(alg, pkey, p)) != ERR_OK)
		return e;
	if ((k = mem_calloc(1, sizeof(*k))) == NULL)
		return ERR_NOMEM;
	k->alg = alg;
	if (EVP_PKEY_up_ref(pkey) != 1) {
		e = ERR_NOMEM;
		goto out;
	}
	k->pkey = pkey;
	if ((e = public_fingerprint(k)) != ERR_OK)
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
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	mem_wipe_free(k, sizeof(*k) + k->len);
}
