/* SPDX-License-Identifier: MIT */
/* jws_keys.c - makes a set of keys from text. */
#include "jws_keys.h"

#include "jws_key.h"
#include "jws_pem.h"
#include "mem.h"

#define SECRET_ALG "HS256"

/* Put `k` into the set, which owns it from then on. */
static enum err
keys_add(struct jws_keys *keys, struct jws_key *k, struct fault *f)
{
	if (keys->n == JWS_KEYS_MAX) {
		jws_key_free(k);
		return fault_set(
		    f, ERR_LIMIT, "There are more than %d keys.", JWS_KEYS_MAX);
	}
	keys->key[keys->n++] = k;
	return ERR_OK;
}

static enum err
secret_read(struct jws_keys *keys, struct slice text, const struct jws_alg *alg,
    struct fault *f)
{
	struct jws_key *k = NULL;
	enum err e;

	if (alg == NULL)
		alg = jws_alg_find(slice_of(SECRET_ALG));
	e = jws_key_of_secret(&k, text, alg, f);
	return e != ERR_OK ? e : keys_add(keys, k, f);
}

static enum err
pem_read(struct jws_keys *keys, struct slice text, const struct jws_alg *alg,
    struct fault *f)
{
	enum err e;

	if (alg != NULL && alg->type == NULL)
		return fault_set(f, ERR_SYNTAX,
		    "The key is PEM text, which %s cannot use: anybody who "
		    "knows the public key could sign.",
		    alg->name);
	for (;;) {
		struct jws_key *k = NULL;
		EVP_PKEY *pkey = NULL;

		e = jws_pem_read(&pkey, &text, f);
		if (e == ERR_NOTFOUND)
			return ERR_OK;
		if (e == ERR_OK)
			e = jws_key_of_public(&k, pkey, alg, f);
		EVP_PKEY_free(pkey);
		if (e != ERR_OK || (e = keys_add(keys, k, f)) != ERR_OK)
			return e;
	}
}

enum err
jws_keys_new(
    struct jws_keys **out, struct slice text, const char *alg, struct fault *f)
{
	const struct jws_alg *found = NULL;
	struct jws_keys *keys = NULL;
	enum err e;

	if (alg != NULL && (found = jws_alg_find(slice_of(alg))) == NULL)
		return fault_set(f, ERR_UNSUPPORTED,
		    "The algorithm must be one of: %s.", JWS_ALG_NAMES);
	if ((keys = mem_calloc(1, sizeof(*keys))) == NULL)
		return ERR_NOMEM;
	e = jws_pem_is(text) ? pem_read(keys, text, found, f)
			     : secret_read(keys, text, found, f);
	if (e != ERR_OK)
		goto out;

	*out = keys;
	keys = NULL;
out:
	jws_keys_free(keys);
	return e;
}

size_t
jws_keys_count(const struct jws_keys *keys)
{
	return keys->n;
}

uint64_t
jws_keys_fingerprint(const struct jws_keys *keys, size_t i)
{
	return keys->key[i]->fingerprint;
}

bool
jws_keys_have(const struct jws_keys *keys, uint64_t fingerprint)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->key[i]->fingerprint == fingerprint)
			return true;
	return false;
}

bool
jws_keys_have_secret(const struct jws_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->key[i]->pkey == NULL)
			return true;
	return false;
}

void
jws_keys_free(struct jws_keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->n; i++)
		jws_key_free(keys->key[i]);
	mem_free(keys);
}
