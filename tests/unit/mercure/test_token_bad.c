/* SPDX-License-Identifier: MIT */
/* test_token_bad.c - malicious tokens of 0.x and why they fail. */
#include "unit/unit.h"

#include "mercure/token.h"
#include "unit/dialect.h"
#include "unit/jws_forge.h"
#include "unit/token_world.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW_MS INT64_C(1700000000000)

#define SIGNATURE "signature is wrong"
#define ALGORITHM "algorithm is not"
#define TEXT "not strict base64url"
#define SEGMENTS "three segments"
#define HEADER "header is not a JSON object, or repeats"
#define PARAMETER "has the parameter"
#define OBJECT "claims are not a JSON object"
#define TOO_LONG "longer than 8192" /* a limit, which the peer learns */
#define TIME "is not a time"

static const struct {
	int number; /* of the list of regression tests */
	const char *name;
	enum hub hub;
	const char *header;  /* NULL: an honest one */
	struct slice claims; /* base NULL: honest ones */
	signer *sign;
	const char *want; /* in the reason */
} rows[] = {
#define CLAIMS_OF(text)                \
	{                              \
		text, sizeof(text) - 1 \
	}
#define HONEST_CLAIMS   \
	{               \
		NULL, 0 \
	}
	{ 1, "HS256 by the PEM text of the RSA key", HUB_RSA,
	    "{\"alg\":\"HS256\"}", HONEST_CLAIMS, sign_by_key_text, ALGORITHM },
	{ 1, "HS256 by the PEM text of the EC key", HUB_EC,
	    "{\"alg\":\"HS256\"}", HONEST_CLAIMS, sign_by_key_text, ALGORITHM },
	{ 1, "its MAC under RS256", HUB_RSA, NULL, HONEST_CLAIMS,
	    sign_by_key_text, SIGNATURE },
	{ 1, "its MAC under ES256", HUB_EC, NULL, HONEST_CLAIMS,
	    sign_by_key_text, SIGNATURE },
	{ 2, "none, unsigned", HUB_SECRET, "{\"alg\":\"none\"}", HONEST_CLAIMS,
	    sign_nothing, SEGMENTS },
	{ 2, "none, signed", HUB_SECRET, "{\"alg\":\"none\"}", HONEST_CLAIMS,
	    sign_honestly, ALGORITHM },
	{ 2, "None", HUB_RSA, "{\"alg\":\"None\"}", HONEST_CLAIMS,
	    sign_honestly, ALGORITHM },
	{ 2, "nOnE", HUB_EC, "{\"alg\":\"nOnE\"}", HONEST_CLAIMS, sign_honestly,
	    ALGORITHM },
	{ 2, "empty signature", HUB_RSA, NULL, HONEST_CLAIMS, sign_nothing,
	    SEGMENTS },
	{ 3, "HS256 by the empty key", HUB_SECRET, NULL, HONEST_CLAIMS,
	    sign_by_empty_key, SIGNATURE },
	{ 3, "HS256 by the empty key, hub has RSA", HUB_RSA,
	    "{\"alg\":\"HS256\"}", HONEST_CLAIMS, sign_by_empty_key,
	    ALGORITHM },
	{ 4, "RS512 where RS256 is pinned", HUB_RSA, "{\"alg\":\"RS512\"}",
	    HONEST_CLAIMS, sign_rs512, ALGORITHM },
	{ 4, "RS512 that says RS256", HUB_RSA, NULL, HONEST_CLAIMS, sign_rs512,
	    SIGNATURE },
	{ 4, "PS256 where RS256 is pinned", HUB_RSA, "{\"alg\":\"PS256\"}",
	    HONEST_CLAIMS, sign_ps256, ALGORITHM },
	{ 4, "PS256 that says RS256", HUB_RSA, NULL, HONEST_CLAIMS, sign_ps256,
	    SIGNATURE },
	{ 4, "HS384 where HS256 is pinned", HUB_SECRET, "{\"alg\":\"HS384\"}",
	    HONEST_CLAIMS, sign_hs384, ALGORITHM },
	{ 4, "HS384 that says HS256", HUB_SECRET, NULL, HONEST_CLAIMS,
	    sign_hs384, SIGNATURE },
	{ 5, "RSA JWK without alg, HS256 by the empty key", HUB_RSA_JWK,
	    "{\"alg\":\"HS256\"}", HONEST_CLAIMS, sign_by_empty_key,
	    ALGORITHM },
	{ 5, "RSA JWK without alg, HS256 by its text", HUB_RSA_JWK,
	    "{\"alg\":\"HS256\"}", HONEST_CLAIMS, sign_by_key_text, ALGORITHM },
	{ 6, "ES256 by a P-384 key", HUB_EC, NULL, HONEST_CLAIMS, sign_p384,
	    SIGNATURE },
	{ 6, "signature two bytes shorter", HUB_EC, NULL, HONEST_CLAIMS,
	    sign_and_cut, SIGNATURE },
	{ 6, "signature longer", HUB_EC, NULL, HONEST_CLAIMS, sign_longer,
	    SIGNATURE },
	{ 6, "r zero", HUB_EC, NULL, HONEST_CLAIMS, sign_r_zero, SIGNATURE },
	{ 6, "s zero", HUB_EC, NULL, HONEST_CLAIMS, sign_s_zero, SIGNATURE },
	{ 6, "r and s zero", HUB_EC, NULL, HONEST_CLAIMS, sign_both_zero,
	    SIGNATURE },
	{ 6, "r the order", HUB_EC, NULL, HONEST_CLAIMS, sign_r_order,
	    SIGNATURE },
	{ 6, "s the order", HUB_EC, NULL, HONEST_CLAIMS, sign_s_order,
	    SIGNATURE },
	{ 6, "DER instead of r and s", HUB_EC, NULL, HONEST_CLAIMS, sign_der,
	    SIGNATURE },
	{ 7, "hs256", HUB_SECRET, "{\"alg\":\"hs256\"}", HONEST_CLAIMS,
	    sign_honestly, ALGORITHM },
	{ 7, "rs256", HUB_RSA, "{\"alg\":\"rs256\"}", HONEST_CLAIMS,
	    sign_honestly, ALGORITHM },
	{ 7, "alg missing", HUB_SECRET, "{\"typ\":\"JWT\"}", HONEST_CLAIMS,
	    sign_honestly, ALGORITHM },
	{ 7, "alg a number", HUB_SECRET, "{\"alg\":256}", HONEST_CLAIMS,
	    sign_honestly, ALGORITHM },
	{ 7, "alg an array", HUB_SECRET, "{\"alg\":[\"HS256\"]}", HONEST_CLAIMS,
	    sign_honestly, ALGORITHM },
	{ 8, "alg twice", HUB_SECRET, "{\"alg\":\"none\",\"alg\":\"HS256\"}",
	    HONEST_CLAIMS, sign_honestly, HEADER },
	{ 8, "typ twice", HUB_SECRET,
	    "{\"typ\":\"at+jwt\",\"alg\":\"HS256\",\"typ\":\"JWT\"}",
	    HONEST_CLAIMS, sign_honestly, HEADER },
	{ 8, "exp twice", HUB_SECRET, NULL,
	    CLAIMS_OF("{\"exp\":1,\"exp\":1800000000}"), sign_honestly,
	    OBJECT },
	{ 8, "mercure twice", HUB_SECRET, NULL,
	    CLAIMS_OF("{\"mercure\":{},\"mercure\":{\"publish\":[\"*\"]}}"),
	    sign_honestly, OBJECT },
	{ 8, "publish twice", HUB_SECRET, NULL,
	    CLAIMS_OF("{\"mercure\":{\"publish\":[],\"publish\":[\"*\"]}}"),
	    sign_honestly, OBJECT },
	{ 9, "crit", HUB_SECRET, "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
	    HONEST_CLAIMS, sign_honestly, PARAMETER },
	{ 9, "b64 false", HUB_SECRET, "{\"alg\":\"HS256\",\"b64\":false}",
	    HONEST_CLAIMS, sign_honestly, PARAMETER },
	{ 9, "jwk", HUB_RSA, "{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\"}}",
	    HONEST_CLAIMS, sign_honestly, PARAMETER },
	{ 9, "jku", HUB_RSA, "{\"alg\":\"RS256\",\"jku\":\"https://evil/\"}",
	    HONEST_CLAIMS, sign_honestly, PARAMETER },
	{ 9, "x5c", HUB_EC, "{\"alg\":\"ES256\",\"x5c\":[\"AA==\"]}",
	    HONEST_CLAIMS, sign_honestly, PARAMETER },
	{ 9, "x5u", HUB_EC, "{\"alg\":\"ES256\",\"x5u\":\"https://evil/\"}",
	    HONEST_CLAIMS, sign_honestly, PARAMETER },
	{ 10, "signature with ==, RS256", HUB_RSA, NULL, HONEST_CLAIMS,
	    sign_padded, TEXT },
	{ 10, "signature with ==, ES256", HUB_EC, NULL, HONEST_CLAIMS,
	    sign_padded, TEXT },
	{ 10, "signature with !!", HUB_RSA, NULL, HONEST_CLAIMS, sign_exclaimed,
	    TEXT },
	{ 10, "signature with a line feed", HUB_RSA, NULL, HONEST_CLAIMS,
	    sign_with_line_feed, TEXT },
	{ 10, "trailing bits, RS256", HUB_RSA, NULL, HONEST_CLAIMS,
	    sign_with_trailing_bits, TEXT },
	{ 10, "trailing bits, ES256", HUB_EC, NULL, HONEST_CLAIMS,
	    sign_with_trailing_bits, TEXT },
	{ 11, "two segments", HUB_RSA, NULL, HONEST_CLAIMS, sign_two_segments,
	    SEGMENTS },
	{ 11, "four segments", HUB_RSA, NULL, HONEST_CLAIMS,
	    sign_fourth_segment, SEGMENTS },
	{ 11, "five segments", HUB_RSA, NULL, HONEST_CLAIMS, sign_fifth_segment,
	    SEGMENTS },
	{ 11, "empty header", HUB_SECRET, "", HONEST_CLAIMS, sign_honestly,
	    SEGMENTS },
	{ 11, "empty payload", HUB_SECRET, NULL, CLAIMS_OF(""), sign_honestly,
	    SEGMENTS },
	{ 11, "8 KiB and a byte", HUB_RSA, NULL, HONEST_CLAIMS,
	    sign_beyond_limit, TOO_LONG },
	{ 11, "1 MiB", HUB_RSA, NULL, HONEST_CLAIMS, sign_a_megabyte,
	    TOO_LONG },
	{ 12, "payload an array", HUB_RSA, NULL, CLAIMS_OF("[\"mercure\"]"),
	    sign_honestly, OBJECT },
	{ 12, "payload a string", HUB_RSA, NULL, CLAIMS_OF("\"mercure\""),
	    sign_honestly, OBJECT },
	{ 12, "payload a number", HUB_RSA, NULL, CLAIMS_OF("1"), sign_honestly,
	    OBJECT },
	{ 12, "payload null", HUB_RSA, NULL, CLAIMS_OF("null"), sign_honestly,
	    OBJECT },
	{ 12, "NUL in a name", HUB_RSA, NULL, CLAIMS_OF("{\"a\\u0000b\":1}"),
	    sign_honestly, OBJECT },
	{ 12, "NUL as a byte", HUB_RSA, NULL, CLAIMS_OF("{\"sub\":\"a\0b\"}"),
	    sign_honestly, OBJECT },
	{ 12, "invalid UTF-8", HUB_RSA, NULL, CLAIMS_OF("{\"sub\":\"\xff\"}"),
	    sign_honestly, OBJECT },
	{ 13, "exp past", HUB_EC, NULL, CLAIMS_OF("{\"exp\":1699999999}"),
	    sign_honestly, "has expired" },
	{ 13, "exp a string", HUB_EC, NULL,
	    CLAIMS_OF("{\"exp\":\"1800000000\"}"), sign_honestly, TIME },
	{ 13, "exp a boolean", HUB_EC, NULL, CLAIMS_OF("{\"exp\":true}"),
	    sign_honestly, TIME },
	{ 13, "exp negative", HUB_EC, NULL, CLAIMS_OF("{\"exp\":-1}"),
	    sign_honestly, TIME },
	{ 13, "exp 1e308", HUB_EC, NULL, CLAIMS_OF("{\"exp\":1e308}"),
	    sign_honestly, TIME },
	{ 14, "nbf 1.5e12", HUB_EC, NULL, CLAIMS_OF("{\"nbf\":1.5e12}"),
	    sign_honestly, "not valid yet" },
	{ 14, "nbf a fraction too far ahead", HUB_EC, NULL,
	    CLAIMS_OF("{\"nbf\":1700000060.001}"), sign_honestly,
	    "not valid yet" },
	{ 19, "a token of 1.0", HUB_EC,
	    "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", HONEST_CLAIMS,
	    sign_honestly, "type is not \"jwt\"" },
	{ 19, "a token of 1.0 in another case", HUB_EC,
	    "{\"alg\":\"ES256\",\"typ\":\"application/AT+JWT\"}", HONEST_CLAIMS,
	    sign_honestly, "type is not \"jwt\"" },
};

static enum err
verify(
    const struct world *w, enum hub hub, struct slice token, struct problem *p)
{
	struct grant *g = NULL;
	enum err e = unit_verify(&g, token, w->keys[hub], NOW_MS, 10, p);

	if ((g == NULL) != (e != ERR_OK))
		fail_msg("a grant and a failure, or neither");
	grant_unref(g);
	return e;
}

static void
test_refused(void **state)
{
	const struct world *w = *state;
	struct buf token;

	buf_init(&token, FORGE_MAX);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice header = slice_of(rows[i].header);
		struct slice claims = rows[i].claims;
		struct problem p = { "" };
		char honest[32];

		snprintf(honest, sizeof(honest), "{\"alg\":\"%s\"}",
		    world_hubs[rows[i].hub].signs);
		if (header.base == NULL)
			header = slice_of(honest);
		if (claims.base == NULL)
			claims = slice_of(CLAIMS);
		buf_clear(&token);
		rows[i].sign(&token, w, rows[i].hub, header, claims);
		if (verify(w, rows[i].hub, buf_view(&token), &p) !=
			(strcmp(rows[i].want, TOO_LONG) == 0 ? ERR_LIMIT
							     : ERR_TOKEN) ||
		    strstr(p.text, rows[i].want) == NULL)
			fail_msg(
			    "%d: %s: %s", rows[i].number, rows[i].name, p.text);
	}
	buf_free(&token);
}

/* 10: the same bytes in the standard alphabet of base64, where it differs. */
static void
test_standard_alphabet(void **state)
{
	const struct world *w = *state;
	struct problem p = { "" };
	struct buf token;
	bool differs = false;

	buf_init(&token, FORGE_MAX);
	for (int n = 0; !differs; n++) {
		char claims[32];

		snprintf(claims, sizeof(claims), "{\"n\":%d}", n);
		buf_clear(&token);
		sign_honestly(&token, w, HUB_RSA,
		    slice_of("{\"alg\":\"RS256\"}"), slice_of(claims));
		for (size_t i = 0; i < token.len; i++) {
			char was = token.base[i];

			token.base[i] = was == '-'   ? '+'
					: was == '_' ? '/'
						     : was;
			differs = differs || token.base[i] != was;
		}
	}
	assert_int_equal(verify(w, HUB_RSA, buf_view(&token), &p), ERR_TOKEN);
	assert_non_null(strstr(p.text, TEXT));
	buf_free(&token);
}

/* 12: a token cannot hold ten thousand levels; fewer are refused, too. */
static void
test_nesting(void **state)
{
	static const size_t depths[] = { 33, 5000, 10000 };
	const struct world *w = *state;
	struct buf token, claims;

	buf_init(&token, FORGE_MAX);
	buf_init(&claims, FORGE_MAX);
	for (size_t i = 0; i < COUNT(depths); i++) {
		struct problem p = { "" };

		buf_clear(&claims);
		buf_text(&claims, "{\"sub\":");
		for (size_t j = 0; j < depths[i]; j++)
			buf_byte(&claims, '[');
		buf_clear(&token);
		sign_honestly(
		    &token, w, HUB_SECRET, slice_of(HONEST), buf_view(&claims));
		assert_int_equal(
		    verify(w, HUB_SECRET, buf_view(&token), &p), ERR_LIMIT);
		assert_non_null(
		    strstr(p.text, i < 2 ? "nested deeper" : TOO_LONG));
	}
	buf_free(&claims);
	buf_free(&token);
}

/* Odd tokens that real issuers make; they are valid. */
static const struct {
	const char *name, *claims;
} odd[] = {
	{ "exp with microseconds", "{\"exp\":1735873167.583167}" },
	{ "both arrays empty",
	    "{\"mercure\":{\"publish\":[],\"subscribe\":[]}}" },
	{ "no claim of ours", "{\"sub\":\"x\"}" },
	{ "the claim as text",
	    "{\"mercure\":\"{\\\"publish\\\":[\\\"*\\\"]}\"}" },
	{ "the claim as a URL",
	    "{\"https://mercure.rocks/\":{\"publish\":[\"*\"]}}" },
	{ "NUL in a text", "{\"sub\":\"a\\u0000b\"}" },
	{ "nbf a real in the past", "{\"nbf\":1.5e9}" },
};

static void
test_accepted(void **state)
{
	const struct world *w = *state;
	struct buf token;

	buf_init(&token, FORGE_MAX);
	for (size_t i = 0; i < COUNT(odd); i++) {
		for (int hub = 0; hub < HUBS_N; hub++) {
			struct problem p = { "" };
			char header[32];

			/* 0.x allows a header without `typ`. */
			snprintf(header, sizeof(header), "{\"alg\":\"%s\"}",
			    world_hubs[hub].signs);
			buf_clear(&token);
			sign_honestly(&token, w, (enum hub)hub,
			    slice_of(header), slice_of(odd[i].claims));
			if (verify(w, (enum hub)hub, buf_view(&token), &p) !=
			    ERR_OK)
				fail_msg("%s: %s", odd[i].name, p.text);
		}
	}
	buf_free(&token);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_standard_alphabet),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_accepted),
	};

	return cmocka_run_group_tests(tests, world_make, world_free);
}
