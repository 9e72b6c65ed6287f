/* SPDX-License-Identifier: MIT */
/* test_jwk.c - which JSON Web Keys are taken, and what for. */
#include "unit/unit.h"

#include "jose/jws.h"
#include "text/base64url.h"
#include "unit/jws_forge.h"
#include "unit/jws_pair.h"
#include "unit/mem_fail.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* RFC 7515, appendix A, and RFC 8037, appendix A: somebody else's keys. */
#define EC_X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define EC_Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define EC_KEY "\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," EC_Y
#define RSA_N                                                                  \
	"\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHm" \
	"fHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwO"  \
	"WvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA"  \
	"9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6"  \
	"_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9g"  \
	"b54h4FRWyuXpoQ\""
#define RSA_KEY "\"kty\":\"RSA\",\"e\":\"AQAB\"," RSA_N
#define OKP_X "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define OKP_KEY "\"kty\":\"OKP\",\"crv\":\"Ed25519\"," OKP_X
#define OCT_KEY "\"kty\":\"oct\",\"k\":\"YSBzZWNyZXQgb2YgMjAgYnl0ZXM\""

#define JOE                                                                 \
	".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt" \
	"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."

static const struct {
	const char *name, *jwk, *token;
} examples[] = {
	{ "RFC 7515, A.2: RS256", "{" RSA_KEY "}",
	    "eyJhbGciOiJSUzI1NiJ9" JOE
	    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
	    "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
	    "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
	    "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
	    "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
	    "p0igcN_IoypGlUPQGe77Rw" },
	{ "RFC 7515, A.3: ES256", "{" EC_KEY "}",
	    "eyJhbGciOiJFUzI1NiJ9" JOE
	    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
	    "pmWQxfKTUJqPP3-Kg6NU1Q" },
	{ "RFC 7515, A.4: ES512",
	    "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AekpBQ8ST8a8VcfVOTNl353v"
	    "SrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk"
	    "\",\"y\":\"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhj"
	    "Dly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2\"}",
	    "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA."
	    "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZq"
	    "wqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8Kp"
	    "EHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn" },
	{ "RFC 8037, A.4: EdDSA", "{" OKP_KEY "}",
	    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
	    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B"
	    "hVsPt9g7sVvpAr_MuM0KAg" },
};

static void
test_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct jws_keys *keys = NULL;
		struct problem p = { "" };

		if (jws_keys_new(&keys, slice_of(examples[i].jwk), NULL, &p) !=
		    ERR_OK)
			fail_msg("%s: %s", examples[i].name, p.text);
		if (forge_verify(examples[i].name, slice_of(examples[i].token),
			keys) != ERR_OK)
			fail_msg("%s", examples[i].name);
		jws_keys_free(keys);
	}
}

static const struct {
	const char *name, *jwk, *alg;
	const char *want; /* in the sentence; NULL: the key is good */
} rows[] = {
	{ "RSA", "{" RSA_KEY "}", NULL, NULL },
	{ "RSA for PS384", "{\"alg\":\"PS384\"," RSA_KEY "}", NULL, NULL },
	{ "RSA, PS384 configured", "{" RSA_KEY "}", "PS384", NULL },
	{ "both say the same", "{\"alg\":\"PS384\"," RSA_KEY "}", "PS384",
	    NULL },
	{ "use sig", "{\"use\":\"sig\"," EC_KEY "}", NULL, NULL },
	{ "key_ops verify", "{\"key_ops\":[\"verify\"]," EC_KEY "}", NULL,
	    NULL },
	{ "blanks around", " \r\n\t{" EC_KEY "}\n", NULL, NULL },
	{ "PEM in another member", "{\"pem\":\"-----BEGIN \"," EC_KEY "}", NULL,
	    NULL },
	{ "other members", "{\"x5t\":\"AA\",\"iat\":1," EC_KEY "}", NULL,
	    NULL },
	{ "kid too long to be one",
	    "{\"kid\":\"0123456789012345678901234567890123456789012345678901234"
	    "567890123456789\"," EC_KEY "}",
	    NULL, NULL },
	{ "kid a number", "{\"kid\":1," EC_KEY "}", NULL, NULL },
	{ "oct for HS512", "{\"alg\":\"HS512\"," OCT_KEY "}", NULL, NULL },
	{ "oct, HS256 configured", "{" OCT_KEY "}", "HS256", NULL },
	{ "5 oct without algorithm", "{" OCT_KEY "}", NULL, "without \"alg\"" },
	{ "5 oct for RS256", "{" OCT_KEY "}", "RS256", "RS256 needs a public" },
	{ "oct empty", "{\"kty\":\"oct\",\"k\":\"\"}", "HS256",
	    "\"k\" is not base64url, or empty" },
	{ "oct short", "{\"kty\":\"oct\",\"k\":\"YSBzZWNyZXQ\"}", "HS256",
	    "has 8 bytes" },
	{ "oct padded", "{\"kty\":\"oct\",\"k\":\"YQ==\"}", "HS256",
	    "\"k\" is not base64url" },
	{ "5 RSA where HS256 is configured", "{" RSA_KEY "}", "HS256",
	    "kind that HS256 needs" },
	{ "5 RSA that says HS256", "{\"alg\":\"HS256\"," RSA_KEY "}", NULL,
	    "kind that HS256 needs" },
	{ "6 P-256 that says ES384", "{\"alg\":\"ES384\"," EC_KEY "}", NULL,
	    "kind that ES384 needs" },
	{ "another algorithm than configured",
	    "{\"alg\":\"RS512\"," RSA_KEY "}", "RS256",
	    "is for RS512, and the configuration says RS256" },
	{ "algorithm of encryption", "{\"alg\":\"RSA-OAEP\"," RSA_KEY "}", NULL,
	    "not one of signatures" },
	{ "algorithm a number", "{\"alg\":256," RSA_KEY "}", NULL,
	    "not one of signatures" },
	{ "18 use enc", "{\"use\":\"enc\"," EC_KEY "}", NULL, "\"use\"" },
	{ "18 use a number", "{\"use\":1," EC_KEY "}", NULL, "\"use\"" },
	{ "18 key_ops without verify", "{\"key_ops\":[\"sign\",1]," EC_KEY "}",
	    NULL, "\"key_ops\"" },
	{ "18 key_ops no array", "{\"key_ops\":\"verify\"," EC_KEY "}", NULL,
	    "\"key_ops\"" },
	{ "18 private EC", "{\"d\":\"AA\"," EC_KEY "}", NULL, "private key" },
	{ "18 private RSA, a prime only", "{\"p\":\"AA\"," RSA_KEY "}", NULL,
	    "private key" },
	{ "18 private, null", "{\"d\":null," OKP_KEY "}", NULL, "private key" },
	{ "18 point not on the curve",
	    "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X ",\"y\":\"f83OJ3D2xF1Bg8v"
	    "ub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
	    NULL, "not a public EC key" },
	{ "18 point zero",
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
	    "\"AAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAA\",\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAA\"}",
	    NULL, "not a public EC key" },
	{ "coordinate too short",
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\"," EC_Y "}", NULL,
	    "\"x\" is not 32 bytes" },
	{ "coordinate missing", "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "}",
	    NULL, "\"y\" is missing" },
	{ "coordinates of another curve",
	    "{\"kty\":\"EC\",\"crv\":\"P-384\"," EC_X "," EC_Y "}", NULL,
	    "\"x\" is not 48 bytes" },
	{ "curve unknown",
	    "{\"kty\":\"EC\",\"crv\":\"secp256k1\"," EC_X "," EC_Y "}", NULL,
	    "none of P-256" },
	{ "curve missing", "{\"kty\":\"EC\"," EC_X "," EC_Y "}", NULL,
	    "none of P-256" },
	{ "Ed448", "{\"kty\":\"OKP\",\"crv\":\"Ed448\"," OKP_X "}", NULL,
	    "not Ed25519" },
	{ "Ed25519 too short",
	    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", NULL,
	    "\"x\" is not 32 bytes" },
	{ "X25519, no signatures",
	    "{\"kty\":\"OKP\",\"crv\":\"X25519\"," OKP_X "}", NULL,
	    "not Ed25519" },
	{ "18 RSA of few bits",
	    "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"wQ_x\"}", NULL,
	    "must have 2048" },
	{ "18 RSA with exponent 1", "{\"kty\":\"RSA\",\"e\":\"AQ\"," RSA_N "}",
	    NULL, "not sound" },
	{ "18 RSA with an even exponent",
	    "{\"kty\":\"RSA\",\"e\":\"Ag\"," RSA_N "}", NULL, "not sound" },
	{ "RSA with a long exponent",
	    "{\"kty\":\"RSA\",\"e\":\"AQAAAAAAAAAB\"," RSA_N "}", NULL,
	    "\"e\" is too long" },
	{ "RSA without modulus", "{\"kty\":\"RSA\",\"e\":\"AQAB\"}", NULL,
	    "\"n\" is missing" },
	{ "RSA, modulus no base64url",
	    "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"+/==\"}", NULL,
	    "\"n\" is not base64url" },
	{ "kind unknown", "{\"kty\":\"AKP\"}", NULL, "none of RSA" },
	{ "kind a number", "{\"kty\":1}", NULL, "none of RSA" },
	{ "kind in another case", "{\"kty\":\"rsa\",\"e\":\"AQAB\"," RSA_N "}",
	    NULL, "none of RSA" },
	{ "repeated name", "{\"kty\":\"oct\"," EC_KEY "}", NULL,
	    "repeats a name" },
	{ "cut", "{" EC_KEY, NULL, "not a JSON object" },
	{ "something behind it", "{" EC_KEY "}x", NULL, "not a JSON object" },
	{ "set without keys", "{\"keys\":[]}", NULL, "no key" },
	{ "set of no array", "{\"keys\":{}}", NULL, "no key" },
	{ "set of other things", "{\"keys\":[1,\"a\",null]}", NULL,
	    "none of RSA" },
	{ "set of bad ones", "{\"keys\":[{\"use\":\"enc\"," EC_KEY "}]}", NULL,
	    "The last one: Its \"use\"" },
	{ "set with a good one", "{\"keys\":[{\"kty\":\"AKP\"},{" EC_KEY "}]}",
	    NULL, NULL },
	{ "set with none for the algorithm",
	    "{\"keys\":[{" EC_KEY "},{" OKP_KEY "}]}", "RS256",
	    "kind that RS256 needs" },
	/* Neither `kty` nor `keys`: a secret may start with a brace. */
	{ "a secret with a brace", "{a secret of 20 bytes", NULL, NULL },
};

static void
test_jwks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct jws_keys *keys = NULL;
		struct problem p = { "" };
		enum err e =
		    jws_keys_new(&keys, slice_of(rows[i].jwk), rows[i].alg, &p);

		if ((keys == NULL) != (e != ERR_OK) ||
		    (e == ERR_OK) != (rows[i].want == NULL) ||
		    (e != ERR_OK && strstr(p.text, rows[i].want) == NULL))
			fail_msg("%s: %s", rows[i].name, p.text);
		jws_keys_free(keys);
	}
}

/* A public set must not hold secrets, nor any other text. */
static void
test_fetched(void **state)
{
	static const struct {
		const char *name, *text;
		size_t count; /* 0: refused */
	} fetched[] = {
		{ "set", "{\"keys\":[{" EC_KEY "},{" OKP_KEY "}]}", 2 },
		{ "one key", "{" EC_KEY "}", 1 },
		{ "18 secret among others",
		    "{\"keys\":[{\"alg\":\"HS256\"," OCT_KEY "},{" EC_KEY "}]}",
		    1 },
		{ "18 secret alone", "{\"alg\":\"HS256\"," OCT_KEY "}", 0 },
		{ "text", "not found", 0 },
		{ "PEM", PEM, 0 },
		{ "empty", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(fetched); i++) {
		struct jws_keys *keys = NULL;
		enum err e = jws_keys_fetched(
		    &keys, slice_of(fetched[i].text), NULL, NULL);

		if (fetched[i].count == 0
			? e != ERR_SYNTAX || keys != NULL
			: e != ERR_OK ||
			      jws_keys_count(keys) != fetched[i].count)
			fail_msg("%s", fetched[i].name);
		jws_keys_free(keys);
	}
}

static void
test_own_set_may_hold_secrets(void **state)
{
	static const char text[] =
	    "{\"keys\":[{\"alg\":\"HS256\"," OCT_KEY "},{" EC_KEY "}]}";
	struct jws_keys *keys = NULL;

	(void)state;
	assert_int_equal(
	    jws_keys_new(&keys, slice_of(text), NULL, NULL), ERR_OK);
	assert_int_equal(jws_keys_count(keys), 2);
	assert_true(jws_keys_have_secret(keys));
	jws_keys_free(keys);
}

/* A set of three: two keys for ES256, one for ES384. */
#define KIDS_N 3
static const char *const kids[KIDS_N] = { "one", "two", "three" };
static const char *const kid_algs[KIDS_N] = { "ES256", "ES256", "ES384" };

static const struct {
	const char *name, *header;
	const char *alg; /* that it is signed by */
	int signer;
	enum err want;
} hints[] = {
	{ "kid of its key", "{\"alg\":\"ES256\",\"kid\":\"two\"}", "ES256", 1,
	    ERR_OK },
	{ "no kid, the second key", "{\"alg\":\"ES256\"}", "ES256", 1, ERR_OK },
	{ "17 kid unknown", "{\"alg\":\"ES256\",\"kid\":\"new\"}", "ES256", 1,
	    ERR_OK },
	{ "17 kid with path characters",
	    "{\"alg\":\"ES256\",\"kid\":\"../../dev/null\"}", "ES256", 0,
	    ERR_OK },
	{ "17 kid empty", "{\"alg\":\"ES256\",\"kid\":\"\"}", "ES256", 1,
	    ERR_OK },
	{ "17 kid a number", "{\"alg\":\"ES256\",\"kid\":1}", "ES256", 1,
	    ERR_OK },
	{ "17 kid of another key of the algorithm",
	    "{\"alg\":\"ES256\",\"kid\":\"one\"}", "ES256", 1, ERR_TOKEN },
	/* It cannot lead to a key of another algorithm. */
	{ "17 kid of a key of another algorithm",
	    "{\"alg\":\"ES256\",\"kid\":\"three\"}", "ES256", 1, ERR_OK },
	{ "17 algorithm of the key that the kid names",
	    "{\"alg\":\"ES384\",\"kid\":\"one\"}", "ES256", 0, ERR_TOKEN },
	{ "algorithm of no key", "{\"alg\":\"RS256\",\"kid\":\"one\"}", "ES256",
	    0, ERR_TOKEN },
};

static void
test_kid_is_a_hint(void **state)
{
	EVP_PKEY *pairs[KIDS_N];
	struct jws_keys *keys = NULL;
	struct buf set, token;

	(void)state;
	buf_init(&set, FORGE_MAX);
	buf_init(&token, FORGE_MAX);
	for (size_t i = 0; i < KIDS_N; i++) {
		char more[64];

		pairs[i] = pair_new(i < 2 ? "P-256" : "P-384");
		snprintf(more, sizeof(more), ",\"kid\":\"%s\",\"alg\":\"%s\"",
		    kids[i], kid_algs[i]);
		buf_text(&set, i == 0 ? "{\"keys\":[" : ",");
		pair_jwk(&set, pairs[i], more);
	}
	buf_text(&set, "]}");
	assert_int_equal(
	    jws_keys_new(&keys, buf_view(&set), NULL, NULL), ERR_OK);
	assert_int_equal(jws_keys_count(keys), KIDS_N);
	for (size_t i = 0; i < COUNT(hints); i++) {
		buf_clear(&token);
		pair_sign(&token, pairs[hints[i].signer], hints[i].alg,
		    slice_of(hints[i].header), slice_of(CLAIMS));
		if (forge_verify(hints[i].name, buf_view(&token), keys) !=
		    hints[i].want)
			fail_msg("%s", hints[i].name);
	}
	jws_keys_free(keys);
	for (size_t i = 0; i < KIDS_N; i++)
		EVP_PKEY_free(pairs[i]);
	buf_free(&token);
	buf_free(&set);
}

/* The key is the same however it is written down, and whatever its kid. */
static void
test_fingerprint_is_of_the_key(void **state)
{
	EVP_PKEY *pair = pair_new("P-256");
	struct jws_keys *pem = NULL, *jwk = NULL;
	struct buf text;

	(void)state;
	buf_init(&text, FORGE_MAX);
	pair_pem(&text, pair);
	assert_int_equal(
	    jws_keys_new(&pem, buf_view(&text), NULL, NULL), ERR_OK);
	buf_clear(&text);
	pair_jwk(&text, pair, ",\"kid\":\"x\"");
	assert_int_equal(
	    jws_keys_new(&jwk, buf_view(&text), NULL, NULL), ERR_OK);
	assert_true(
	    jws_keys_fingerprint(pem, 0) == jws_keys_fingerprint(jwk, 0));
	jws_keys_free(pem);
	jws_keys_free(jwk);
	buf_free(&text);
	EVP_PKEY_free(pair);
}

static void
test_no_memory(void **state)
{
	static const char text[] =
	    "{\"keys\":[{" EC_KEY "},{" OKP_KEY "},{" RSA_KEY
	    "},{\"alg\":\"HS256\"," OCT_KEY "}]}";
	struct jws_keys *keys;
	long n = 0;
	enum err e;

	(void)state;
	do {
		keys = NULL;
		mem_fail_at(++n);
		e = jws_keys_new(&keys, slice_of(text), NULL, NULL);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_true((keys == NULL) == mem_failed());
		jws_keys_free(keys);
	} while (mem_failed());
	mem_fail_at(0);
	assert_true(n > 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_jwks),
		cmocka_unit_test(test_fetched),
		cmocka_unit_test(test_own_set_may_hold_secrets),
		cmocka_unit_test(test_kid_is_a_hint),
		cmocka_unit_test(test_fingerprint_is_of_the_key),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
