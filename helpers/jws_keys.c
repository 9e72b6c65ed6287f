/* SPDX-License-Identifier: MIT */
/* jws_keys.c - makes a set of keys from text. */
#include "jws_keys.h"

#include "jws_key.h"
#include "mem.h"

enum err
jws_keys_new(
    struct jws_keys **out, struct slice text, const char *alg, struct fault *f)
{
	const struct jws_alg *found = jws_alg_find(alg != NULL ? alg : "HS256");
	struct jws_keys *keys = NULL;
	enum err e;

	if (found == NULL)
		return fault_set(f, ERR_UNSUPPORTED,
		    "The algorithm must be HS256, HS384 or HS512.");
	if ((keys = mem_calloc(1, sizeof(*keys))) == NULL)
		return ERR_NOMEM;
	if ((e = jws_key_of_secret(&keys->key[0], text, found, f)) != ERR_OK)
		goto out;
	keys->n = 1;

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

void
jws_keys_free(struct jws_keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->n; i++)
		jws_key_free(keys->key[i]);
	mem_free(keys);
}
