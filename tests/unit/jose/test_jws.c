/* SPDX-License-Identifier: MIT */
/* test_jws.c - good tokens verify; bad headers and MACs do not. */
#include "unit/unit.h"

#include "jose/jws.h"
#include "text/base64url.h"
#include "unit/jws_forge.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name, *header;
	enum err want;
} headers[] = {
	{ "honest", HONEST, ERR_OK },
	{ "typ absent", "{\"alg\":\"HS256\"}", ERR_OK },
	{ "typ in other cases", "{\"alg\":\"HS256\",\"typ\":\"jWt\"}", ERR_OK },
	{ "typ with application/",
	    "{\"alg\":\"HS256\",\"typ\":\"application/jwt\"}", ERR_OK },
	{ "kid unknown, a hint only", "{\"alg\":\"HS256\",\"kid\":\"other\"}",
	    ERR_OK },
	{ "kid with path characters",
	    "{\"alg\":\"HS256\",\"kid\":\"../../etc/passwd\"}", ERR_OK },
	{ "unknown parameter", "{\"alg\":\"HS256\",\"x\":[1]}", ERR_OK },
	{ "alg none", "{\"alg\":\"none\"}", ERR_TOKEN },
	{ "alg None", "{\"alg\":\"None\"}", ERR_TOKEN },
	{ "alg nOnE", "{\"alg\":\"nOnE\"}", ERR_TOKEN },
	{ "alg empty", "{\"alg\":\"\"}", ERR_TOKEN },
	{ "alg in lower case", "{\"alg\":\"hs256\"}", ERR_TOKEN },
	{ "alg with a blank", "{\"alg\":\"HS256 \"}", ERR_TOKEN },
	{ "alg with NUL", "{\"alg\":\"HS256\\u0000\"}", ERR_TOKEN },
	{ "alg cut", "{\"alg\":\"HS25\"}", ERR_TOKEN },
	{ "alg missing", "{\"typ\":\"JWT\"}", ERR_TOKEN },
	{ "alg a number", "{\"alg\":256}", ERR_TOKEN },
	{ "alg an array", "{\"alg\":[\"HS256\"]}", ERR_TOKEN },
	{ "alg null", "{\"alg\":null}", ERR_TOKEN },
	{ "alg under another case", "{\"ALG\":\"HS256\"}", ERR_TOKEN },
	{ "alg HS384 where HS256 is pinned", "{\"alg\":\"HS384\"}", ERR_TOKEN },
	{ "alg RS256 where HS256 is pinned", "{\"alg\":\"RS256\"}", ERR_TOKEN },
	{ "alg twice", "{\"alg\":\"none\",\"alg\":\"HS256\"}", ERR_TOKEN },
	{ "alg twice, by an escape",
	    "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", ERR_TOKEN },
	{ "typ twice", "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"typ\":\"JWT\"}",
	    ERR_TOKEN },
	{ "typ of 1.0", "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", ERR_TOKEN },
	{ "typ with another prefix", "{\"alg\":\"HS256\",\"typ\":\"text/jwt\"}",
	    ERR_TOKEN },
	{ "typ with two slashes",
	    "{\"alg\":\"HS256\",\"typ\":\"application/jwt/x\"}", ERR_TOKEN },
	{ "typ empty", "{\"alg\":\"HS256\",\"typ\":\"\"}", ERR_TOKEN },
	{ "typ a number", "{\"alg\":\"HS256\",\"typ\":1}", ERR_TOKEN },
	{ "typ null", "{\"alg\":\"HS256\",\"typ\":null}", ERR_TOKEN },
	{ "crit", "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}",
	    ERR_TOKEN },
	{ "crit empty", "{\"alg\":\"HS256\",\"crit\":[]}", ERR_TOKEN },
	{ "crit null", "{\"alg\":\"HS256\",\"crit\":null}", ERR_TOKEN },
	{ "b64 false with crit",
	    "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", ERR_TOKEN },
	{ "b64 false without crit", "{\"alg\":\"HS256\",\"b64\":false}",
	    ERR_TOKEN },
	{ "jwk brought along",
	    "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}"
	    "}",
	    ERR_TOKEN },
	{ "jku", "{\"alg\":\"HS256\",\"jku\":\"https://evil/\"}", ERR_TOKEN },
	{ "x5c", "{\"alg\":\"HS256\",\"x5c\":[\"AA\"]}", ERR_TOKEN },
	{ "x5u", "{\"alg\":\"HS256\",\"x5u\":\"https://evil/\"}", ERR_TOKEN },
	{ "header an array", "[\"HS256\"]", ERR_TOKEN },
	{ "header a string", "\"HS256\"", ERR_TOKEN },
	{ "header null", "null", ERR_TOKEN },
	{ "header an empty object", "{}", ERR_TOKEN },
	{ "header no JSON", "alg=HS256", ERR_TOKEN },
	{ "header cut", "{\"alg\":\"HS256\"", ERR_TOKEN },
	{ "something behind the header", "{\"alg\":\"HS256\"}{}", ERR_TOKEN },
	{ "header not UTF-8", "{\"alg\":\"HS256\",\"x\":\"\377\"}", ERR_TOKEN },
	{ "header nested 40 deep",
	    "{\"alg\":\"HS256\",\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
	    "[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
	    ERR_TOKEN },
};

static void
test_headers(void **state)
{
	struct jws_keys *k = forge_key(SECRET, "HS256");
	struct buf token;

	(void)state;
	buf_init(&token, FORGE_MAX);
	for (size_t i = 0; i < COUNT(headers); i++) {
		buf_clear(&token);
		/* The MAC is right: only the header can be the reason. */
		forge_header(&token, headers[i].header);
		if (forge_verify(headers[i].name, buf_view(&token), k) !=
		    headers[i].want)
			fail_msg("%s", headers[i].name);
	}
	buf_free(&token);
	jws_keys_free(k);
}

static const struct {
	const char *name, *header, *secret;
	const EVP_MD *(*digest)(void);
	const char *key, *alg;
	enum err want;
} macs[] = {
	{ "HS256", HONEST, SECRET, EVP_sha256, SECRET, "HS256", ERR_OK },
	{ "HS384", "{\"alg\":\"HS384\"}", SECRET, EVP_sha384, SECRET, "HS384",
	    ERR_OK },
	{ "HS512", "{\"alg\":\"HS512\"}", SECRET, EVP_sha512, SECRET, "HS512",
	    ERR_OK },
	{ "shortest secret", HONEST, "sixteen bytes 16", EVP_sha256,
	    "sixteen bytes 16", "HS256", ERR_OK },
	{ "empty key", HONEST, "", EVP_sha256, SECRET, "HS256", ERR_TOKEN },
	{ "another key", HONEST, "another", EVP_sha256, SECRET, "HS256",
	    ERR_TOKEN },
	{ "key with one byte more", HONEST, SECRET "!", EVP_sha256, SECRET,
	    "HS256", ERR_TOKEN },
	{ "PEM text of a public key", HONEST, PEM, EVP_sha256, SECRET, "HS256",
	    ERR_TOKEN },
	{ "HS384 token where HS256 is pinned", "{\"alg\":\"HS384\"}", SECRET,
	    EVP_sha384, SECRET, "HS256", ERR_TOKEN },
	{ "HS256 token where HS512 is pinned", HONEST, SECRET, EVP_sha256,
	    SECRET, "HS512", ERR_TOKEN },
	{ "HS256 by name, longer MAC", HONEST, SECRET, EVP_sha512, SECRET,
	    "HS256", ERR_TOKEN },
	{ "HS512 by name, shorter MAC", "{\"alg\":\"HS512\"}", SECRET,
	    EVP_sha256, SECRET, "HS512", ERR_TOKEN },
	{ "SHA-1 MAC", HONEST, SECRET, EVP_sha1, SECRET, "HS256", ERR_TOKEN },
};

static void
test_foreign_macs(void **state)
{
	struct buf token;

	(void)state;
	buf_init(&token, FORGE_MAX);
	for (size_t i = 0; i < COUNT(macs); i++) {
		struct jws_keys *k = forge_key(macs[i].key, macs[i].alg);

		buf_clear(&token);
		forge(&token, slice_of(macs[i].header), slice_of(CLAIMS),
		    slice_of(macs[i].secret), macs[i].digest());
		if (forge_verify(macs[i].name, buf_view(&token), k) !=
		    macs[i].want)
			fail_msg("%s", macs[i].name);
		jws_keys_free(k);
	}
	buf_free(&token);
}

/* jws_verify() does not interpret the payload: it is bytes. */
static void
test_payload_is_passed_on(void **state)
{
	static const struct {
		const char *name;
		struct slice payload;
	} rows[] = {
		{ "object", { CLAIMS, sizeof(CLAIMS) - 1 } },
		{ "array", { "[1]", 3 } },
		{ "string", { "\"a\"", 3 } },
		{ "null", { "null", 4 } },
		{ "NUL bytes", { "{\0}", 3 } },
		{ "not UTF-8", { "\377\376", 2 } },
		{ "nested",
		    { "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 40 } },
	};
	struct jws_keys *k = forge_key(SECRET, "HS256");
	struct buf token, payload;

	(void)state;
	buf_init(&token, FORGE_MAX);
	buf_init(&payload, FORGE_MAX);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&token);
		forge(&token, slice_of(HONEST), rows[i].payload,
		    slice_of(SECRET), EVP_sha256());
		buf_clear(&payload);
		buf_text(&payload, "old");
		if (jws_verify(&payload, NULL, NULL, buf_view(&token), k, "JWT",
			NULL) != ERR_OK ||
		    !slice_eq(
			slice_after(buf_view(&payload), 3), rows[i].payload))
			fail_msg("%s", rows[i].name);
	}
	buf_free(&payload);
	buf_free(&token);
	jws_keys_free(k);
}

/* RFC 7515, appendix A.1: somebody else's token. */
static void
test_rfc_example(void **state)
{
	static const char token[] =
	    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
	    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
	    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	struct jws_keys *k = NULL;
	struct buf secret;

	(void)state;
	buf_init(&secret, 64);
	assert_int_equal(
	    base64url_decode(&secret,
		slice_of("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH"
			 "75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")),
	    ERR_OK);
	assert_int_equal(
	    jws_keys_new(&k, buf_view(&secret), "HS256", NULL), ERR_OK);
	assert_int_equal(forge_verify("RFC 7515", slice_of(token), k), ERR_OK);
	jws_keys_free(k);
	buf_wipe(&secret);
}

static void
test_type_wanted(void **state)
{
	static const struct {
		const char *name, *header, *want;
		enum err err;
	} rows[] = {
		{ "at+jwt as asked",
		    "{\"alg\":\"HS256\",\"typ\":\"application/AT+jwt\"}",
		    "at+jwt", ERR_OK },
		{ "JWT where at+jwt is asked", HONEST, "at+jwt", ERR_TOKEN },
		{ "longer than asked",
		    "{\"alg\":\"HS256\",\"typ\":\"at+jwtx\"}", "at+jwt",
		    ERR_TOKEN },
		{ "prefix alone",
		    "{\"alg\":\"HS256\",\"typ\":\"application/\"}", "at+jwt",
		    ERR_TOKEN },
	};
	struct jws_keys *k = forge_key(SECRET, "HS256");
	struct buf token, payload;

	(void)state;
	buf_init(&token, FORGE_MAX);
	buf_init(&payload, FORGE_MAX);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&token);
		forge(&token, slice_of(rows[i].header), slice_of(CLAIMS),
		    slice_of(SECRET), EVP_sha256());
		if (jws_verify(&payload, NULL, NULL, buf_view(&token), k,
			rows[i].want, NULL) != rows[i].err)
			fail_msg("%s", rows[i].name);
	}
	buf_free(&payload);
	buf_free(&token);
	jws_keys_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_foreign_macs),
		cmocka_unit_test(test_payload_is_passed_on),
		cmocka_unit_test(test_rfc_example),
		cmocka_unit_test(test_type_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
