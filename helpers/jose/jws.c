/* SPDX-License-Identifier: MIT */
/* jws.c - verifies JSON Web Signatures in compact form. */
#include "jose/jws.h"

#include <strings.h>

#include "jose/jws_key.h"
#include "text/base64url.h"
#include "text/json.h"

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
	    typ_short(json_slice(json_object_get(json, "typ"))));
	for (char *p = out->typ; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	peek_text(out->kid, sizeof(out->kid),
	    json_slice(json_object_get(json, "kid")));
	peek_text(out->alg, sizeof(out->alg),
	    json_slice(json_object_get(json, "alg")));
out:
	json_decref(json);
	buf_free(&text);
}

/* The three segments of a token; `text` is what was signed. */
struct segments {
	struct slice header, payload, signature, text;
};

static enum err
segments_split(struct segments *out, struct slice token, struct problem *p)
{
	struct slice rest = token;
	struct segments s;

	if (token.len > JWS_TOKEN_MAX)
		return problem_set(p, ERR_TOKEN,
		    "The token is longer than %d bytes.", JWS_TOKEN_MAX);
	if (!slice_cut(&rest, '.', &s.header) ||
	    !slice_cut(&rest, '.', &s.payload) ||
	    !slice_cut(&rest, '.', &s.signature) || rest.base != NULL ||
	    s.header.len == 0 || s.payload.len == 0 || s.signature.len == 0)
		return problem_set(p, ERR_TOKEN,
		    "The token does not have three segments with content.");
	s.text = (struct slice){ token.base, s.header.len + 1 + s.payload.len };
	*out = s;
	return ERR_OK;
}

static enum err
segment_decode(struct buf *out, struct slice segment, struct problem *p)
{
	enum err e = base64url_decode(out, segment);

	if (e == ERR_SYNTAX)
		return problem_set(p, ERR_TOKEN,
		    "A segment of the token is not strict base64url.");
	return e;
}

/*
 * Members that a header must not have: demands that are not understood (RFC
 * 7515, 4.1.11; RFC 7797), and keys that the sender chose.
 */
static const char *const refused[] = { "crit", "b64", "jwk", "jku", "x5c",
	"x5u" };

static enum err
header_check(const json_t *header, const char *typ_want, struct problem *p)
{
	const json_t *typ = json_object_get(header, "typ");

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (json_object_get(header, refused[i]) != NULL)
			return problem_set(p, ERR_TOKEN,
			    "The token's header has the parameter \"%s\", "
			    "which is not accepted.",
			    refused[i]);
	if (typ != NULL) {
		struct slice t = typ_short(json_slice(typ));

		if (t.base == NULL || t.len != strlen(typ_want) ||
		    strncasecmp(t.base, typ_want, t.len) != 0)
			return problem_set(p, ERR_TOKEN,
			    "The token's type is not \"%s\".", typ_want);
	}
	return ERR_OK;
}

/* The keys that a header leaves, before any signature work (RFC 8725, 3.1). */
struct candidates {
	size_t n;
	const struct jws_key *key[JWS_KEYS_MAX];
};

/* Keep the keys for `alg`; unless `kid` is NULL, only those with that id. */
static void
keys_filter(struct candidates *out, const struct jws_keys *keys,
    struct slice alg, const struct slice *kid)
{
	out->n = 0;
	for (size_t i = 0; i < keys->n; i++)
		if (slice_is(alg, keys->key[i]->alg->name) &&
		    (kid == NULL || slice_is(*kid, keys->key[i]->kid)))
			out->key[out->n++] = keys->key[i];
}

static enum err
keys_choose(struct candidates *out, const json_t *header,
    const struct jws_keys *keys, struct problem *p)
{
	struct slice alg = json_slice(json_object_get(header, "alg"));
	struct slice kid = json_slice(json_object_get(header, "kid"));

	out->n = 0;
	if (kid.len > 0)
		keys_filter(out, keys, alg, &kid);
	if (out->n == 0)
		keys_filter(out, keys, alg, NULL);
	if (out->n > 0)
		return ERR_OK;
	if (keys->n == 1)
		return problem_set(p, ERR_TOKEN,
		    "The token's algorithm is not %s, the one of the key.",
		    keys->key[0]->alg->name);
	return problem_set(p, ERR_TOKEN,
	    "The token's algorithm is that of none of the %zu keys.", keys->n);
}

static enum err
header_read(struct candidates *out, enum jws_check *at, struct slice text,
    const struct jws_keys *keys, const char *typ_want, struct problem *p)
{
	json_t *header = NULL;
	enum err e;

	e = json_parse(&header, text);
	if (e == ERR_SYNTAX || (e == ERR_OK && !json_is_object(header))) {
		e = problem_set(p, ERR_TOKEN,
		    "The token's header is not a JSON object, or repeats a "
		    "name.");
		goto out;
	}
	if (e != ERR_OK)
		goto out;
	if ((e = header_check(header, typ_want, p)) != ERR_OK)
		goto out;
	*at = JWS_KEY;
	e = keys_choose(out, header, keys, p);
out:
	json_decref(header);
	return e;
}

static enum err
signature_check(uint64_t *fingerprint, const struct candidates *c,
    struct slice text, struct slice signature, struct problem *p)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct jws_key *k = c->key[i];
		enum err e = k->alg->verify(k, text, signature);

		if (e == ERR_OK)
			*fingerprint = k->fingerprint;
		if (e != ERR_TOKEN)
			return e;
	}
	return problem_set(p, ERR_TOKEN, "The token's signature is wrong.");
}

enum err
jws_verify(struct buf *payload, uint64_t *fingerprint, enum jws_check *failed,
    struct slice token, const struct jws_keys *keys, const char *typ_want,
    struct problem *p)
{
	enum jws_check at = JWS_FORM;
	struct buf header, claims, signature;
	struct candidates c;
	struct segments s;
	uint64_t print = 0;
	enum err e;

	buf_init(&header, JWS_TOKEN_MAX);
	buf_init(&claims, JWS_TOKEN_MAX);
	buf_init(&signature, JWS_TOKEN_MAX);
	if ((e = segments_split(&s, token, p)) != ERR_OK)
		goto out;
	if ((e = segment_decode(&header, s.header, p)) != ERR_OK ||
	    (e = segment_decode(&claims, s.payload, p)) != ERR_OK ||
	    (e = segment_decode(&signature, s.signature, p)) != ERR_OK)
		goto out;
	at = JWS_HEADER;
	e = header_read(&c, &at, buf_view(&header), keys, typ_want, p);
	if (e != ERR_OK)
		goto out;
	at = JWS_SIGNATURE;
	if ((e = signature_check(
		 &print, &c, s.text, buf_view(&signature), p)) != ERR_OK)
		goto out;

	at = JWS_CHECKS;
	buf_slice(payload, buf_view(&claims));
	if ((e = payload->err) == ERR_OK && fingerprint != NULL)
		*fingerprint = print;
out:
	if (failed != NULL)
		*failed = at;
	buf_free(&signature);
	buf_free(&claims);
	buf_free(&header);
	return e;
}
