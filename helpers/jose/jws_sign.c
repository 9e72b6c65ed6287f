/* SPDX-License-Identifier: MIT */
/* jws_sign.c - signs tokens with libjwt, which has an allocator itself. */
#include "jose/jws.h"

#include <jwt.h>
#include <stdlib.h>

#include "base/mem.h"
#include "jose/jws_key.h"
#include "text/json.h"

/* libjwt would take any JSON value, and wants a NUL behind it. */
static enum err
claims_text(char **out, struct slice claims, struct problem *p)
{
	json_t *json = NULL;
	char *text;
	enum err e;

	e = json_parse(&json, claims);
	if (e == ERR_SYNTAX || (e == ERR_OK && !json_is_object(json))) {
		e = problem_set(p, ERR_SYNTAX,
		    "The token's claims are not a JSON object, or repeat a "
		    "name.");
		goto out;
	}
	if (e != ERR_OK)
		goto out;
	if ((text = mem_text(claims)) == NULL) {
		e = ERR_NOMEM;
		goto out;
	}
	*out = text;
out:
	json_decref(json);
	return e;
}

static const struct jws_key *
first_secret(const struct jws_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->key[i]->pkey == NULL)
			return keys->key[i];
	return NULL;
}

enum err
jws_mint(struct buf *out, struct slice claims, const struct jws_keys *keys,
    struct problem *p)
{
	const struct jws_key *k = first_secret(keys);
	char *text = NULL, *token = NULL;
	jwt_t *jwt = NULL;
	enum err e;

	if (k == NULL)
		return problem_set(p, ERR_UNSUPPORTED,
		    "A public key verifies tokens, it cannot sign them.");
	if ((e = claims_text(&text, claims, p)) != ERR_OK)
		goto out;
	/* The claims are sound, so all that can be missing is memory. */
	if (jwt_new(&jwt) != 0 || jwt_add_grants_json(jwt, text) != 0 ||
	    jwt_set_alg(
		jwt, jwt_str_alg(k->alg->name), k->secret, (int)k->len) != 0 ||
	    (token = jwt_encode_str(jwt)) == NULL) {
		e = ERR_NOMEM;
		goto out;
	}
	if (strlen(token) > JWS_TOKEN_MAX) {
		e = problem_set(p, ERR_LIMIT,
		    "The token would be longer than %d bytes: grant fewer "
		    "topics, or use templates.",
		    JWS_TOKEN_MAX);
		goto out;
	}

	buf_text(out, token);
	e = out->err;
out:
	free(token);
	jwt_free(jwt);
	mem_free(text);
	return e;
}
