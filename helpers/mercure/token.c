/* SPDX-License-Identifier: MIT */
/* token.c - verifies access tokens. */
#include "mercure/token.h"

#include "base/digest.h"
#include "text/json.h"

/* The most seconds whose milliseconds fit into an int64_t. */
#define SECONDS_MAX (INT64_MAX / 1000)

/* The clock of the issuer may be ahead of ours (RFC 7519, 4.1.5). */
#define NBF_LEEWAY_MS 60000

/* Read a claim that is a time, rounded to milliseconds; `absent` if it is not
 * there.  Some libraries write reals, with microseconds. */
static enum err
read_time(int64_t *out, const json_t *claims, const char *name, int64_t absent,
    struct problem *p)
{
	const json_t *claim = json_object_get(claims, name);
	double real;

	if (claim == NULL) {
		*out = absent;
		return ERR_OK;
	}
	if (json_is_integer(claim) && json_integer_value(claim) >= 0 &&
	    json_integer_value(claim) <= SECONDS_MAX) {
		*out = (int64_t)json_integer_value(claim) * 1000;
		return ERR_OK;
	}
	real = json_is_real(claim) ? json_real_value(claim) : -1;
	/* Written so that a NaN is refused too. */
	if (!(real >= 0 && real < (double)SECONDS_MAX))
		return problem_set(
		    p, ERR_TOKEN, "The claim %s is not a time.", name);
	*out = (int64_t)(real * 1000 + 0.5);
	return ERR_OK;
}

static bool
is_text(const json_t *json, const char *text)
{
	return json_is_string(json) && slice_is(json_slice(json), text);
}

/* RFC 7519, 4.1.1 and 4.1.3: `aud` is a text or an array of texts. */
static enum err
check_issuer(const json_t *claims, const struct verifier *v, struct problem *p)
{
	const json_t *aud = json_object_get(claims, "aud");
	bool found = false;

	if (v->issuer != NULL &&
	    !is_text(json_object_get(claims, "iss"), v->issuer))
		return problem_set(p, ERR_TOKEN,
		    "The claim iss is not the issuer of this key.");
	if (v->audience == NULL)
		return ERR_OK;
	found = is_text(aud, v->audience);
	for (size_t i = 0; i < json_array_size(aud); i++)
		found |= is_text(json_array_get(aud, i), v->audience);
	return found ? ERR_OK
		     : problem_set(p, ERR_TOKEN,
			   "The claim aud does not name this hub.");
}

static enum err
check_times(int64_t *expires_ms, const json_t *claims, const struct dialect *d,
    int64_t now_ms, struct problem *p)
{
	int64_t exp, nbf;
	enum err e;

	if (d->needs_expiry && json_object_get(claims, "exp") == NULL)
		return problem_set(p, ERR_TOKEN, "The token has no claim exp.");

	if ((e = read_time(&exp, claims, "exp", INT64_MAX, p)) != ERR_OK ||
	    (e = read_time(&nbf, claims, "nbf", INT64_MIN, p)) != ERR_OK)
		return e;
	if (now_ms >= exp)
		return problem_set(p, ERR_TOKEN, "The token has expired.");
	if (nbf > now_ms + NBF_LEEWAY_MS)
		return problem_set(p, ERR_TOKEN, "The token is not valid yet.");
	*expires_ms = exp;
	return ERR_OK;
}

static enum err
read_claims(json_t **out, struct slice payload, struct problem *p)
{
	json_t *claims = NULL;
	enum err e;

	if (!json_is_shallow(payload))
		return problem_set(p, ERR_LIMIT,
		    "The token's claims are nested deeper than %d levels.",
		    JSON_DEPTH_MAX);
	if ((e = json_parse(&claims, payload)) == ERR_NOMEM)
		return e;
	if (e != ERR_OK || !json_is_object(claims)) {
		json_decref(claims);
		return problem_set(p, ERR_TOKEN,
		    "The token's claims are not a JSON object, or repeat a "
		    "name.");
	}
	*out = claims;
	return ERR_OK;
}

/* A digest of what is signed.  It leaves out the signature: one of ECDSA
 * has a twin that holds as well, and anybody can make it. */
static enum err
stamp(uint8_t digest[DIGEST_SIZE], struct slice text)
{
	while (text.len > 0 && text.base[text.len - 1] != '.')
		text.len--;
	return digest_sha256(digest, text);
}

/* A number for the subject (RFC 7519, 4.1.2) that the owner of `key` names; 0:
 * none is named. */
static enum err
find_holder(uint64_t *out, const json_t *claims, uint64_t key)
{
	const json_t *subject = json_object_get(claims, "sub");
	uint8_t digest[DIGEST_SIZE];
	struct buf b;
	enum err e;

	*out = 0;
	if (!json_is_string(subject) || json_string_length(subject) == 0)
		return ERR_OK;
	buf_init(&b, JWS_TOKEN_MAX);
	buf_printf(&b, "%llx ", (unsigned long long)key);
	buf_slice(&b, json_slice(subject));
	e = b.err != ERR_OK ? b.err : digest_sha256(digest, buf_view(&b));
	buf_free(&b);
	if (e == ERR_OK)
		memcpy(out, digest, sizeof(*out));
	return e;
}

/* Verify the signature by one of the keys, and read the claims. */
static enum err
open_token(json_t **claims, uint64_t *key, enum token_check *at,
    struct slice text, const struct jws_keys *keys, const char *typ,
    struct problem *p)
{
	enum jws_check signing = JWS_FORM;
	struct buf payload;
	enum err e;

	if (text.len > JWS_TOKEN_MAX)
		return problem_set(p, ERR_LIMIT,
		    "The token is longer than %d bytes.", JWS_TOKEN_MAX);
	buf_init(&payload, JWS_TOKEN_MAX);
	e = jws_verify(&payload, key, &signing, text, keys, typ, p);
	*at = (enum token_check)signing;
	if (e == ERR_OK)
		e = read_claims(claims, buf_view(&payload), p);
	buf_free(&payload);
	return e;
}

const char *
token_check_name(enum token_check check)
{
	static const char *const names[TOKEN_CHECKS + 1] = {
		[TOKEN_FORM] = "form",
		[TOKEN_HEADER] = "header",
		[TOKEN_KEY] = "key",
		[TOKEN_SIGNATURE] = "signature",
		[TOKEN_CLAIMS] = "claims",
		[TOKEN_TIMES] = "times",
		[TOKEN_RIGHTS] = "rights",
		[TOKEN_CHECKS] = "none",
	};

	return names[check];
}

enum err
token_verify(struct grant **out, enum token_check *failed, struct slice text,
    const struct verifier *v, int64_t now_ms, size_t matchers_max,
    struct problem *p)
{
	const struct dialect *d = v->dialect;
	enum token_check at = TOKEN_FORM;
	uint8_t digest[DIGEST_SIZE];
	struct grant *g = NULL;
	json_t *claims = NULL;
	int64_t expires_ms = INT64_MAX;
	uint64_t key = 0, holder = 0;
	enum err e;

	e = open_token(&claims, &key, &at, text, v->keys, d->token_typ, p);
	if (e != ERR_OK)
		goto out;
	if ((e = check_issuer(claims, v, p)) != ERR_OK)
		goto out;
	at = TOKEN_TIMES;
	if ((e = check_times(&expires_ms, claims, d, now_ms, p)) != ERR_OK)
		goto out;
	if ((e = stamp(digest, text)) != ERR_OK ||
	    (e = find_holder(&holder, claims, key)) != ERR_OK)
		goto out;
	at = TOKEN_RIGHTS;
	e = d->read_grant(&g, claims, key, expires_ms, matchers_max, p);
	if (e != ERR_OK)
		goto out;
	at = TOKEN_CHECKS;
	grant_set_token(g, digest);
	grant_set_holder(g, holder);
	*out = g;
out:
	*failed = at;
	json_decref(claims);
	return e;
}
