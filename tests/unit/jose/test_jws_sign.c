/* SPDX-License-Identifier: MIT */
/* test_jws_sign.c - keys, peeks and signatures, compared with libjwt. */
#include "unit/unit.h"

#include <jwt.h>

#include "base/mem.h"
#include "jose/jws.h"
#include "text/base64url.h"
#include "unit/jws_forge.h"
#include "unit/mem_fail.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_keys(void **state)
{
	static const struct {
		const char *name, *secret, *alg;
		enum err want;
	} rows[] = {
		{ "HS256", SECRET, "HS256", ERR_OK },
		{ "HS384", SECRET, "HS384", ERR_OK },
		{ "HS512", SECRET, "HS512", ERR_OK },
		{ "empty secret", "", "HS256", ERR_SYNTAX },
		{ "absent secret", NULL, "HS256", ERR_SYNTAX },
		{ "PEM as a secret", PEM, "HS256", ERR_SYNTAX },
		{ "secret for HS256 by default", SECRET, NULL, ERR_OK },
		{ "secret for a public key's algorithm", SECRET, "RS256",
		    ERR_SYNTAX },
		{ "PEM behind blanks", " \n" PEM, "HS512", ERR_SYNTAX },
		{ "alg none", SECRET, "none", ERR_UNSUPPORTED },
		{ "alg in lower case", SECRET, "hs256", ERR_UNSUPPORTED },
		{ "alg unknown", SECRET, "RS1", ERR_UNSUPPORTED },
		{ "alg empty", SECRET, "", ERR_UNSUPPORTED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct jws_keys *k = NULL;
		struct problem p = { "" };
		enum err e =
		    jws_keys_new(&k, slice_of(rows[i].secret), rows[i].alg, &p);

		if (e != rows[i].want || (k == NULL) != (e != ERR_OK) ||
		    (p.text[0] == '\0') != (e == ERR_OK))
			fail_msg("%s", rows[i].name);
		jws_keys_free(k);
	}
	jws_keys_free(NULL);
}

static void
test_fingerprints_tell_keys_apart(void **state)
{
	static const char *const keys[][2] = { { SECRET, "HS256" },
		{ SECRET, "HS384" }, { SECRET "!", "HS256" },
		{ "sixteen bytes 16", "HS256" } };
	uint64_t prints[COUNT(keys)];

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct jws_keys *k = forge_key(keys[i][0], keys[i][1]);
		struct jws_keys *same = forge_key(keys[i][0], keys[i][1]);

		prints[i] = jws_keys_fingerprint(k, 0);
		assert_true(prints[i] == jws_keys_fingerprint(same, 0));
		for (size_t j = 0; j < i; j++)
			assert_true(prints[i] != prints[j]);
		jws_keys_free(k);
		jws_keys_free(same);
	}
}

static const struct {
	const char *name, *header, *typ, *kid;
} peeks[] = {
	{ "both", "{\"typ\":\"at+JWT\",\"kid\":\"K1\"}", "at+jwt", "K1" },
	{ "with application/", "{\"typ\":\"Application/At+Jwt\"}", "at+jwt",
	    "" },
	{ "neither", "{\"alg\":\"HS256\"}", "", "" },
	{ "numbers", "{\"typ\":1,\"kid\":2}", "", "" },
	{ "longest typ", "{\"typ\":\"1234567890123456789012345678901\"}",
	    "1234567890123456789012345678901", "" },
	{ "typ too long", "{\"typ\":\"12345678901234567890123456789012\"}", "",
	    "" },
	{ "repeated name", "{\"typ\":\"JWT\",\"typ\":\"JWT\"}", "", "" },
	{ "array", "[\"typ\"]", "", "" },
	{ "string", "\"typ\"", "", "" },
	{ "no JSON", "typ", "", "" },
	{ "empty", "", "", "" },
	{ "cut", "{\"typ\":\"JWT\"", "", "" },
};

static void
test_peek(void **state)
{
	struct buf token;

	(void)state;
	buf_init(&token, FORGE_MAX);
	for (size_t i = 0; i < COUNT(peeks); i++) {
		const char *alg =
		    strstr(peeks[i].header, "HS256") != NULL ? "HS256" : "";
		struct jws_peek peek = { "?", "?", "?" };

		buf_clear(&token);
		base64url_encode(&token, (const uint8_t *)peeks[i].header,
		    strlen(peeks[i].header));
		buf_text(&token, ".x");
		jws_peek(&peek, buf_view(&token));
		if (strcmp(peek.typ, peeks[i].typ) != 0 ||
		    strcmp(peek.kid, peeks[i].kid) != 0 ||
		    strcmp(peek.alg, alg) != 0)
			fail_msg("%s: %s %s %s", peeks[i].name, peek.typ,
			    peek.kid, peek.alg);
	}
	buf_free(&token);
}

static void
test_peek_takes_garbage(void **state)
{
	static const struct {
		const char *name;
		struct slice token;
	} rows[] = {
		{ "absent", { NULL, 0 } },
		{ "empty", { "", 0 } },
		{ "dots", { "...", 3 } },
		{ "no base64url", { "\377\0\n=.", 5 } },
		{ "no dot", { "eyJ0eXAiOiJKV1Q=", 16 } },
	};
	struct jws_peek peek;
	struct buf b;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		jws_peek(&peek, rows[i].token);
		if (peek.typ[0] != '\0' || peek.kid[0] != '\0')
			fail_msg("%s", rows[i].name);
	}

	/* Nested as deep as a megabyte goes: not even looked at. */
	buf_init(&b, FORGE_MAX);
	for (size_t i = 0; i < (1 << 20) / 4; i++)
		buf_text(&b, "W1tb");
	jws_peek(&peek, buf_view(&b));
	assert_string_equal(peek.typ, "");
	/* And within the length that is looked at. */
	jws_peek(&peek, (struct slice){ b.base, JWS_TOKEN_MAX });
	assert_string_equal(peek.typ, "");
	buf_free(&b);
}

static void
test_mint(void **state)
{
	static const char *const algs[] = { "HS256", "HS384", "HS512" };
	struct buf token, payload;

	(void)state;
	buf_init(&token, FORGE_MAX);
	buf_init(&payload, FORGE_MAX);
	for (size_t i = 0; i < COUNT(algs); i++) {
		struct jws_keys *k = forge_key(SECRET, algs[i]);
		jwt_t *jwt = NULL;
		struct jws_peek peek;
		char *text;

		buf_clear(&token);
		buf_clear(&payload);
		assert_int_equal(
		    jws_mint(&token, slice_of(CLAIMS), k, NULL), ERR_OK);
		assert_int_equal(jws_verify(&payload, NULL, NULL,
				     buf_view(&token), k, "JWT", NULL),
		    ERR_OK);
		assert_true(slice_is(buf_view(&payload), CLAIMS));
		jws_peek(&peek, buf_view(&token));
		assert_string_equal(peek.typ, "jwt");

		/* The second opinion. */
		text = buf_steal(&token);
		assert_non_null(text);
		assert_int_equal(
		    jwt_decode(&jwt, text, (const unsigned char *)SECRET,
			(int)strlen(SECRET)),
		    0);
		assert_string_equal(jwt_alg_str(jwt_get_alg(jwt)), algs[i]);
		jwt_free(jwt);
		mem_free(text);
		jws_keys_free(k);
	}
	buf_free(&payload);
	buf_free(&token);
}

static void
test_libjwt_agrees_on_forged_honest_ones(void **state)
{
	jwt_t *jwt = NULL;
	struct buf token;
	char *text;

	(void)state;
	buf_init(&token, FORGE_MAX);
	forge_header(&token, HONEST);
	text = buf_steal(&token);
	assert_non_null(text);
	assert_int_equal(jwt_decode(&jwt, text, (const unsigned char *)SECRET,
			     (int)strlen(SECRET)),
	    0);
	jwt_free(jwt);
	mem_free(text);
}

static void
test_mint_refuses(void **state)
{
	static const struct {
		const char *name, *claims;
	} rows[] = {
		{ "no JSON", "mercure" },
		{ "absent", NULL },
		{ "empty", "" },
		{ "array", "[]" },
		{ "string", "\"a\"" },
		{ "repeated name", "{\"a\":1,\"a\":2}" },
	};
	struct jws_keys *k = forge_key(SECRET, "HS256");
	struct buf out, claims;
	struct problem p;

	(void)state;
	buf_init(&out, FORGE_MAX);
	for (size_t i = 0; i < COUNT(rows); i++) {
		p.text[0] = '\0';
		if (jws_mint(&out, slice_of(rows[i].claims), k, &p) !=
			ERR_SYNTAX ||
		    out.len != 0 || p.text[0] == '\0')
			fail_msg("%s", rows[i].name);
	}

	buf_init(&claims, FORGE_MAX);
	buf_text(&claims, "{\"a\":\"");
	for (size_t i = 0; i < JWS_TOKEN_MAX; i++)
		buf_byte(&claims, 'x');
	buf_text(&claims, "\"}");
	assert_int_equal(jws_mint(&out, buf_view(&claims), k, &p), ERR_LIMIT);
	assert_int_equal(out.len, 0);
	buf_free(&claims);
	buf_free(&out);
	jws_keys_free(k);
}

/* Run `call` with its n-th allocation failing, until none does. */
static void
fail_each_allocation(enum err (*call)(struct buf *out, void *key), void *key)
{
	enum err e;
	long n = 0;

	for (;;) {
		struct buf out;

		buf_init(&out, FORGE_MAX);
		mem_fail_at(++n);
		e = call(&out, key);
		if (!mem_failed()) {
			buf_free(&out);
			break;
		}
		assert_int_equal(e, ERR_NOMEM);
		assert_int_equal(out.len, 0);
		buf_free(&out);
	}
	mem_fail_at(0);
	assert_int_equal(e, ERR_OK);
	assert_true(n > 1);
}

static enum err
call_key_new(struct buf *out, void *key)
{
	struct jws_keys *k = NULL;
	enum err e = jws_keys_new(&k, slice_of(SECRET), "HS256", NULL);

	(void)out;
	(void)key;
	assert_true((k == NULL) == (e != ERR_OK));
	jws_keys_free(k);
	return e;
}

static enum err
call_verify(struct buf *out, void *key)
{
	static const char token[] =
	    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
	    ".eyJtZXJjdXJlIjp7InB1Ymxpc2giOlsiKiJdLCJzdWJzY3JpYmUiOltdfX0"
	    ".DJ7RUW1Opvcfn5AUbM9i17V0ufvkvYKMvg5hazKwYRs";

	return jws_verify(out, NULL, NULL, slice_of(token), key, "JWT", NULL);
}

static enum err
call_mint(struct buf *out, void *key)
{
	return jws_mint(out, slice_of(CLAIMS), key, NULL);
}

static void
test_no_memory(void **state)
{
	struct jws_keys *k = forge_key(SECRET, "HS256");

	(void)state;
	fail_each_allocation(call_key_new, NULL);
	fail_each_allocation(call_verify, k);
	fail_each_allocation(call_mint, k);
	jws_keys_free(k);
}

static void
test_peek_without_memory(void **state)
{
	static const char token[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.x";
	struct jws_peek peek;

	(void)state;
	mem_fail_at(1);
	jws_peek(&peek, slice_of(token));
	assert_true(mem_failed());
	assert_string_equal(peek.typ, "");
	mem_fail_at(0);
	jws_peek(&peek, slice_of(token));
	assert_string_equal(peek.typ, "jwt");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_fingerprints_tell_keys_apart),
		cmocka_unit_test(test_peek),
		cmocka_unit_test(test_peek_takes_garbage),
		cmocka_unit_test(test_mint),
		cmocka_unit_test(test_libjwt_agrees_on_forged_honest_ones),
		cmocka_unit_test(test_mint_refuses),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_peek_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
