/* SPDX-License-Identifier: MIT */
/* jws.c - verifies JSON Web Signatures in compact form. */
#include "jws.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <strings.h>

#include "base64url.h"
#include "json.h"
#include "jws_key.h"
#include "mem.h"

static enum err
hmac_check(struct slice secret, struct fault *f)
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
	{ "HS256", EVP_sha256, hmac_check, hmac_verify },
	{ "HS384", EVP_sha384, hmac_check, hmac_verify },
	{ "HS512", EVP_sha512, hmac_check, hmac_verify },
};

static const struct jws_alg *
alg_find(const char *name)
{
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (strcmp(algs[i].name, name) == 0)
			return &algs[i];
	return NULL;
}

/*
 * A MAC by the key itself: it gives away no more of the secret than any
 * token signed with it does.
 */
static enum err
key_fingerprint(struct jws_key *k)
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
jws_key_new(
    struct jws_key **out, struct slice secret, const char *alg, struct fault *f)
{
	const struct jws_alg *found = alg_find(alg);
	struct jws_key *k;
	enum err e;

	if (found == NULL)
		return fault_set(f, ERR_UNSUPPORTED,
		    "The algorithm must be HS256, HS384 or HS512.");
	if ((e = found->check(secret, f)) != ERR_OK)
		return e;

	if ((k = mem_calloc(1, sizeof(*k) + secret.len)) == NULL)
		return ERR_NOMEM;
	k->alg = found;
	k->len = secret.len;
	memcpy(k->secret, secret.base, secret.len);
	if ((e = key_fingerprint(k)) != ERR_OK)
		goto out;

	*out = k;
	k = NULL;
out:
	jws_key_free(k);
	return e;
}

uint64_t
jws_key_fingerprint(const struct jws_key *k)
{
	return k->fingerprint;
}

void
jws_key_free(struct jws_key *k)
{
	if (k != NULL)
		mem_wipe_free(k, sizeof(*k) + k->len);
}

/* RFC 7515, 4.1.9: without another slash, "application/" may be left out. */
static struct slice
typ_short(struct slice typ)
{
	static const char prefix[] = "application/";
	size_t n = strlen(prefix);

	if (typ.len > n && strncasecmp(typ.base, prefix, n) == 0 &&
	    memchr(typ.base + n, '/', typ.len - n) == NULL)
		return slice_after(typ, n);
	return typ;
}

static struct slice
text_of(const json_t *json)
{
	return (
	    struct slice){ json_string_value(json), json_string_length(json) };
}

/* Copy a header's text if it is one and fits, else "". */
static void
peek_text(char *to, size_t size, struct slice s)
{
	to[0] = '\0';
	if (s.base == NULL || s.len >= size)
		return;
	memcpy(to, s.base, s.len);
	to[s.len] = '\0';
}

void
jws_peek(struct jws_peek *out, struct slice token)
{
	struct slice header;
	json_t *json = NULL;
	struct buf text;

	*out = (struct jws_peek){ .typ = "" };
	buf_init(&text, JWS_TOKEN_MAX);
	if (token.len > JWS_TOKEN_MAX || !slice_cut(&token, '.', &header))
		goto out;
	if (base64url_decode(&text, header) != ERR_OK ||
	    json_parse(&json, buf_view(&text)) != ERR_OK)
		goto out;

	peek_text(out->typ, sizeof(out->typ),
	    typ_short(text_of(json_object_get(json, "typ"))));
	for (char *p = out->typ; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	peek_text(
	    out->kid, sizeof(out->kid), text_of(json_object_get(json, "kid")));
out:
	json_decref(json);
	buf_free(&text);
}

/* The three segments of a token; `text` is what was signed. */
struct segments {
	struct slice header, payload, signature, text;
};

static enum err
segments_split(struct segments *out, struct slice token, struct fault *f)
{
	struct slice rest = token;
	struct segments s;

	if (token.len > JWS_TOKEN_MAX)
		return fault_set(f, ERR_TOKEN,
		    "The token is longer than %d bytes.", JWS_TOKEN_MAX);
	if (!slice_cut(&rest, '.', &s.header) ||
	    !slice_cut(&rest, '.', &s.payload) ||
	    !slice_cut(&rest, '.', &s.signature) || rest.base != NULL ||
	    s.header.len == 0 || s.payload.len == 0 || s.signature.len == 0)
		return fault_set(f, ERR_TOKEN,
		    "The token does not have three segments with content.");
	s.text = (struct slice){ token.base, s.header.len + 1 + s.payload.len };
	*out = s;
	return ERR_OK;
}

static enum err
segment_decode(struct buf *out, struct slice segment, struct fault *f)
{
	enum err e = base64url_decode(out, segment);

	if (e == ERR_SYNTAX)
		return fault_set(f, ERR_TOKEN,
		    "A segment of the token is not strict base64url.");
	return e;
}

/*
 * What a header must not have: demands that are not understood here (RFC
 * 7515, 4.1.11; RFC 7797), and keys that the sender chose.
 */
static const char *const refused[] = { "crit", "b64", "jwk", "jku", "x5c",
	"x5u" };

static enum err
header_check(const json_t *header, const char *alg, const char *typ_want,
    struct fault *f)
{
	const json_t *typ = json_object_get(header, "typ");

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (json_object_get(header, refused[i]) != NULL)
			return fault_set(f, ERR_TOKEN,
			    "The token's header has the parameter \"%s\", "
			    "which is not accepted.",
			    refused[i]);
	if (typ != NULL) {
		struct slice t = typ_short(text_of(typ));

		if (t.base == NULL || t.len != strlen(typ_want) ||
		    strncasecmp(t.base, typ_want, t.len) != 0)
			return fault_set(f, ERR_TOKEN,
			    "The token's type is not \"%s\".", typ_want);
	}
	/* Pinned before any signature work (RFC 8725, 3.1). */
	if (!slice_is(text_of(json_object_get(header, "alg")), alg))
		return fault_set(f, ERR_TOKEN,
		    "The token's algorithm is not %s, the one of the key.",
		    alg);
	return ERR_OK;
}

static enum err
header_read(
    struct slice text, const char *alg, const char *typ_want, struct fault *f)
{
	json_t *header = NULL;
	enum err e;

	e = json_parse(&header, text);
	if (e == ERR_SYNTAX || (e == ERR_OK && !json_is_object(header))) {
		e = fault_set(f, ERR_TOKEN,
		    "The token's header is not a JSON object, or repeats a "
		    "name.");
		goto out;
	}
	if (e != ERR_OK)
		goto out;
	e = header_check(header, alg, typ_want, f);
out:
	json_decref(header);
	return e;
}

enum err
jws_verify(struct buf *payload, struct slice token, const struct jws_key *k,
    const char *typ_want, struct fault *f)
{
	struct buf header, claims, signature;
	struct segments s;
	enum err e;

	buf_init(&header, JWS_TOKEN_MAX);
	buf_init(&claims, JWS_TOKEN_MAX);
	buf_init(&signature, JWS_TOKEN_MAX);
	if ((e = segments_split(&s, token, f)) != ERR_OK)
		goto out;
	if ((e = segment_decode(&header, s.header, f)) != ERR_OK ||
	    (e = segment_decode(&claims, s.payload, f)) != ERR_OK ||
	    (e = segment_decode(&signature, s.signature, f)) != ERR_OK)
		goto out;
	if ((e = header_read(buf_view(&header), k->alg->name, typ_want, f)) !=
	    ERR_OK)
		goto out;
	if ((e = k->alg->verify(k, s.text, buf_view(&signature))) != ERR_OK) {
		if (e == ERR_TOKEN)
			fault_set(f, e, "The token's signature is wrong.");
		goto out;
	}

	buf_slice(payload, buf_view(&claims));
	e = payload->err;
out:
	buf_free(&signature);
	buf_free(&claims);
	buf_free(&header);
	return e;
}
