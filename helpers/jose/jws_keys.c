/* SPDX-License-Identifier: MIT */
/* jws_keys.c - makes a set of keys from text. */
#include "jose/jws_keys.h"

#include <stdatomic.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "jose/jwk.h"
#include "jose/jws_key.h"
#include "jose/jws_pem.h"

#define SECRET_ALG "HS256"

/* Put `k` into the set, which owns it from then on. */
static enum err
keys_add(struct jws_keys *keys, struct jws_key *k, struct problem *p)
{
	if (keys->n == JWS_KEYS_MAX) {
		jws_key_free(k);
		return problem_set(
		    p, ERR_LIMIT, "There are more than %d keys.", JWS_KEYS_MAX);
	}
	keys->key[keys->n++] = k;
	return ERR_OK;
}

/* A text that is not declared a secret may be a public key in a form that is
 * not known here, by which anybody could sign. */
static enum err
secret_text_check(struct slice text, bool is_said, struct problem *p)
{
	static const char kty[] = "\"kty\"";

	if (!is_said && (!utf8_valid(text) || utf8_has_control(text)))
		return problem_set(p, ERR_SYNTAX,
		    "The key is neither a line of text nor PEM, a JWK or a "
		    "set of JWKs; if it is a secret, set its algorithm, too.");
	if (text.len > 0 &&
	    memmem(text.base, text.len, kty, sizeof(kty) - 1) != NULL)
		return problem_set(p, ERR_SYNTAX,
		    "The key looks like a JWK, but is neither one object nor "
		    "a set: {\"keys\": [...]}.");
	return ERR_OK;
}

static enum err
secret_read(struct jws_keys *keys, struct slice text, const struct jws_alg *alg,
    struct problem *p)
{
	struct jws_key *k = NULL;
	enum err e;

	if ((e = secret_text_check(text, alg != NULL, p)) != ERR_OK)
		return e;
	if (alg == NULL)
		alg = jws_alg_find(slice_of(SECRET_ALG));
	e = jws_key_of_secret(&k, text, alg, p);
	return e != ERR_OK ? e : keys_add(keys, k, p);
}

static enum err
pem_read(struct jws_keys *keys, struct slice text, const struct jws_alg *alg,
    struct problem *p)
{
	enum err e;

	if (alg != NULL && alg->type == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "The key is PEM text, which %s cannot use: anybody who "
		    "knows the public key could sign.",
		    alg->name);
	for (;;) {
		struct jws_key *k = NULL;
		EVP_PKEY *pkey = NULL;

		e = jws_pem_read(&pkey, &text, p);
		if (e == ERR_NOTFOUND)
			return ERR_OK;
		if (e == ERR_OK)
			e = jws_key_of_public(&k, pkey, alg, p);
		EVP_PKEY_free(pkey);
		if (e != ERR_OK || (e = keys_add(keys, k, p)) != ERR_OK)
			return e;
	}
}

/* A set holds keys for other programs as well, or kinds that come later. */
static enum err
set_read(struct jws_keys *keys, const json_t *array, const struct jws_alg *alg,
    bool public_only, struct problem *p)
{
	struct problem why = { "" };

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *jwk = json_array_get(array, i);
		struct jws_key *k = NULL;
		enum err e = jwk_read(&k, jwk, alg, public_only, &why);

		if (e == ERR_SYNTAX)
			log_info("key of a set skipped",
			    LOG_UINT("number", i + 1),
			    LOG_TEXT("reason", why.text));
		else if (e != ERR_OK || (e = keys_add(keys, k, p)) != ERR_OK)
			return e;
	}
	if (keys->n > 0)
		return ERR_OK;
	return problem_set(p, ERR_SYNTAX,
	    "The set has no key that can be used.%s%s",
	    why.text[0] != '\0' ? " The last one: " : "", why.text);
}

static enum err
jwk_text_read(struct jws_keys *keys, struct slice text,
    const struct jws_alg *alg, bool public_only, struct problem *p)
{
	struct jws_key *k = NULL;
	json_t *json = NULL;
	const json_t *array;
	enum err e;

	if ((e = json_parse(&json, text)) == ERR_NOMEM)
		return e;
	if (e != ERR_OK || !json_is_object(json)) {
		e = problem_set(p, ERR_SYNTAX,
		    "The JWK, or set of JWKs, is not a JSON object, or "
		    "repeats a name.");
		goto out;
	}
	if ((array = json_object_get(json, "keys")) != NULL)
		e = set_read(keys, array, alg, public_only, p);
	else if ((e = jwk_read(&k, json, alg, public_only, p)) == ERR_OK)
		e = keys_add(keys, k, p);
out:
	json_wipe(json);
	json_decref(json);
	return e;
}

/* How a text is read into the set; `alg` NULL: nothing is configured. */
typedef enum err reader(struct jws_keys *keys, struct slice text,
    const struct jws_alg *alg, struct problem *p);

static enum err
jwk_own_read(struct jws_keys *keys, struct slice text,
    const struct jws_alg *alg, struct problem *p)
{
	return jwk_text_read(keys, text, alg, false, p);
}

static enum err
jwk_fetched_read(struct jws_keys *keys, struct slice text,
    const struct jws_alg *alg, struct problem *p)
{
	return jwk_text_read(keys, text, alg, true, p);
}

static enum err
keys_read(struct jws_keys **out, struct slice text, const char *alg,
    reader *read, struct problem *p)
{
	const struct jws_alg *found = NULL;
	struct jws_keys *keys = NULL;
	enum err e;

	if (alg != NULL && (found = jws_alg_find(slice_of(alg))) == NULL)
		return problem_set(p, ERR_UNSUPPORTED,
		    "The algorithm must be one of: %s.", JWS_ALG_NAMES);
	if ((keys = mem_calloc(1, sizeof(*keys))) == NULL)
		return ERR_NOMEM;
	atomic_init(&keys->refs, 1);
	if ((e = read(keys, text, found, p)) != ERR_OK)
		goto out;

	*out = keys;
	keys = NULL;
out:
	jws_keys_free(keys);
	return e;
}

enum err
jws_keys_new(struct jws_keys **out, struct slice text, const char *alg,
    struct problem *p)
{
	reader *read = jwk_is(text)       ? jwk_own_read
		       : jws_pem_is(text) ? pem_read
					  : secret_read;

	return keys_read(out, text, alg, read, p);
}

enum err
jws_keys_fetched(struct jws_keys **out, struct slice text, const char *alg,
    struct problem *p)
{
	return keys_read(out, text, alg, jwk_fetched_read, p);
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

const char *
jws_keys_alg(const struct jws_keys *keys, size_t i)
{
	return keys->key[i]->alg->name;
}

size_t
jws_keys_secret_len(const struct jws_keys *keys, size_t i)
{
	return keys->key[i]->len;
}

size_t
jws_keys_secret_wanted(const struct jws_keys *keys, size_t i)
{
	const struct jws_key *k = keys->key[i];
	size_t wanted;

	if (k->pkey != NULL)
		return 0;
	wanted = (size_t)EVP_MD_get_size(k->alg->digest());
	return k->len < wanted ? wanted : 0;
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

bool
jws_keys_have_kid(const struct jws_keys *keys, const char *kid)
{
	for (size_t i = 0; i < keys->n; i++)
		if (strcmp(keys->key[i]->kid, kid) == 0)
			return true;
	return false;
}

struct jws_keys *
jws_keys_ref(struct jws_keys *keys)
{
	if (keys != NULL)
		atomic_fetch_add(&keys->refs, 1);
	return keys;
}

void
jws_keys_free(struct jws_keys *keys)
{
	if (keys == NULL || atomic_fetch_sub(&keys->refs, 1) != 1)
		return;
	for (size_t i = 0; i < keys->n; i++)
		jws_key_free(keys->key[i]);
	mem_free(keys);
}
