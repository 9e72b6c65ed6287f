/* SPDX-License-Identifier: MIT */
/* test_token.c - verifies tokens, and makes them. */
#include "unit/unit.h"

#include <openssl/ec.h>

#include "mercure/token.h"
#include "text/base64url.h"
#include "unit/dialect.h"
#include "unit/jws_forge.h"
#include "unit/jws_pair.h"
#include "unit/mem_fail.h"

#define NOW_MS INT64_C(1700000000000)
#define MATCHERS_MAX 10

static const struct {
	const char *name, *claims;
	enum err want;
	int64_t expires_ms;
} cases[] = {
	{ "no times", "{}", ERR_OK, INT64_MAX },
	{ "exp ahead", "{\"exp\":1700000001}", ERR_OK, 1700000001000 },
	{ "exp now", "{\"exp\":1700000000}", ERR_TOKEN, 0 },
	{ "exp past", "{\"exp\":1600000000}", ERR_TOKEN, 0 },
	{ "exp zero", "{\"exp\":0}", ERR_TOKEN, 0 },
	{ "exp with microseconds", "{\"exp\":1735873167.583167}", ERR_OK,
	    1735873167583 },
	{ "exp a fraction ahead", "{\"exp\":1700000000.001}", ERR_OK,
	    1700000000001 },
	{ "exp a fraction past", "{\"exp\":1699999999.999}", ERR_TOKEN, 0 },
	{ "exp as a real", "{\"exp\":1.8e9}", ERR_OK, 1800000000000 },
	{ "exp far away", "{\"exp\":9007199254740991}", ERR_OK,
	    9007199254740991000 },
	{ "exp too far away", "{\"exp\":9223372036854775807}", ERR_TOKEN, 0 },
	{ "exp a text", "{\"exp\":\"1800000000\"}", ERR_TOKEN, 0 },
	{ "exp true", "{\"exp\":true}", ERR_TOKEN, 0 },
	{ "exp null", "{\"exp\":null}", ERR_TOKEN, 0 },
	{ "exp negative", "{\"exp\":-1}", ERR_TOKEN, 0 },
	{ "exp a negative real", "{\"exp\":-0.5}", ERR_TOKEN, 0 },
	{ "exp huge", "{\"exp\":1e308}", ERR_TOKEN, 0 },
	{ "exp beyond reals", "{\"exp\":1e999}", ERR_TOKEN, 0 },
	{ "exp twice", "{\"exp\":1800000000,\"exp\":1800000000}", ERR_TOKEN,
	    0 },
	{ "nbf past", "{\"nbf\":1600000000}", ERR_OK, INT64_MAX },
	{ "nbf now", "{\"nbf\":1700000000}", ERR_OK, INT64_MAX },
	{ "nbf a minute ahead", "{\"nbf\":1700000060}", ERR_OK, INT64_MAX },
	{ "nbf more than a minute ahead", "{\"nbf\":1700000061}", ERR_TOKEN,
	    0 },
	{ "nbf a real ahead", "{\"nbf\":1.5e12}", ERR_TOKEN, 0 },
	{ "nbf a real past", "{\"nbf\":1.5e9}", ERR_OK, INT64_MAX },
	{ "nbf a text", "{\"nbf\":\"1\"}", ERR_TOKEN, 0 },
	{ "nbf negative", "{\"nbf\":-1}", ERR_TOKEN, 0 },
	{ "rights of a wrong shape", "{\"mercure\":[]}", ERR_TOKEN, 0 },
	{ "too many rights",
	    "{\"mercure\":{\"publish\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\","
	    "\"7\",\"8\",\"9\",\"10\",\"11\"]}}",
	    ERR_LIMIT, 0 },
	{ "nested too deep",
	    "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
	    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
	    ERR_LIMIT, 0 },
	{ "an array", "[]", ERR_TOKEN, 0 },
};

static void
checks_claims(void **state)
{
	struct jws_keys *key = forge_key(SECRET, "HS256");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct problem p = { "" };
		struct grant *g = NULL;
		struct buf token;
		enum err e;

		buf_init(&token, JWS_TOKEN_MAX);
		/* token_mint() would refuse some of these. */
		forge(&token, slice_of(HONEST), slice_of(cases[i].claims),
		    slice_of(SECRET), EVP_sha256());
		e = unit_verify(
		    &g, buf_view(&token), key, NOW_MS, MATCHERS_MAX, &p);
		buf_free(&token);
		if (e != cases[i].want)
			fail_msg(
			    "%s: %s, %s", cases[i].name, err_text(e), p.text);
		if (e != ERR_OK) {
			if (g != NULL || p.text[0] == '\0')
				fail_msg("%s: no sentence", cases[i].name);
			continue;
		}
		if (grant_expires_ms(g) != cases[i].expires_ms)
			fail_msg("%s: expires", cases[i].name);
		assert_true(grant_key(g) == jws_keys_fingerprint(key, 0));
		grant_unref(g);
	}
	jws_keys_free(key);
}

static void
comes_back(void **state)
{
	struct jws_keys *key = forge_key(SECRET, "HS256"),
			*other = forge_key("another of 20 bytes.", "HS256");
	const struct selector publish[] = { selector_topic(slice_of("a")),
		selector_topic(slice_of("\"b\\")) };
	const struct selector subscribe[] = { selector_topic(
	    slice_of("caf\xc3\xa9")) };
	struct token_rights r = { .publish = publish,
		.publish_n = 2,
		.subscribe = subscribe,
		.subscribe_n = 1,
		.payload = slice_of(" {\"user\": 1}"),
		.expires_s = NOW_MS / 1000 + 60 };
	struct grant *g = NULL;
	struct buf token;

	(void)state;
	buf_init(&token, JWS_TOKEN_MAX);
	assert_int_equal(
	    token_mint(&token, &r, unit_dialect(), key, NULL), ERR_OK);
	assert_int_equal(
	    unit_verify(&g, buf_view(&token), key, NOW_MS, MATCHERS_MAX, NULL),
	    ERR_OK);
	assert_true(grant_may_publish(g, slice_of("a\n\"b\\")));
	assert_false(grant_may_publish(g, slice_of("a\nc")));
	assert_true(grant_may_receive(g, slice_of("x\ncaf\xc3\xa9"), NULL));
	assert_true(slice_is(grant_payload(g), "{\"user\":1}"));
	assert_true(grant_expires_ms(g) == NOW_MS + 60000);
	grant_unref(g);

	g = NULL;
	assert_int_equal(unit_verify(&g, buf_view(&token), other, NOW_MS,
			     MATCHERS_MAX, NULL),
	    ERR_TOKEN);
	assert_int_equal(unit_verify(&g, buf_view(&token), key, NOW_MS + 60000,
			     MATCHERS_MAX, NULL),
	    ERR_TOKEN);
	assert_null(g);
	buf_free(&token);
	jws_keys_free(key);
	jws_keys_free(other);
}

/* Replace s by n - s in a token's signature of ES256: it is also valid, and
 * everybody who has the token can make it. */
static void
twist(struct buf *token)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	struct slice text = buf_view(token);
	size_t head = text.len;
	struct buf sig;
	BIGNUM *s;

	while (text.base[head - 1] != '.')
		head--;
	buf_init(&sig, 64);
	assert_int_equal(
	    base64url_decode(
		&sig, (struct slice){ text.base + head, text.len - head }),
	    ERR_OK);
	s = BN_bin2bn((const uint8_t *)sig.base + 32, 32, NULL);
	assert_int_equal(BN_sub(s, EC_GROUP_get0_order(group), s), 1);
	assert_int_equal(BN_bn2binpad(s, (uint8_t *)sig.base + 32, 32), 32);
	token->len = head;
	base64url_encode(token, (const uint8_t *)sig.base, 64);
	BN_free(s);
	buf_free(&sig);
	EC_GROUP_free(group);
}

/* A token has the same digest with each of its signatures. */
static void
knows_a_token_by_what_is_signed(void **state)
{
	uint8_t stamps[3][GRANT_TOKEN_SIZE];
	EVP_PKEY *pair = pair_new("P-256");
	struct jws_keys *keys = NULL;
	struct buf token, pem;

	(void)state;
	buf_init(&token, JWS_TOKEN_MAX);
	buf_init(&pem, JWS_TOKEN_MAX);
	pair_pem(&pem, pair);
	assert_int_equal(
	    jws_keys_new(&keys, buf_view(&pem), "ES256", NULL), ERR_OK);
	for (int i = 0; i < 3; i++) {
		struct grant *g = NULL;

		buf_clear(&token);
		pair_sign(&token, pair, "ES256",
		    slice_of("{\"alg\":\"ES256\"}"),
		    slice_of(i < 2 ? "{}" : "{\"jti\":1}"));
		if (i == 1)
			twist(&token);
		assert_int_equal(unit_verify(&g, buf_view(&token), keys, NOW_MS,
				     MATCHERS_MAX, NULL),
		    ERR_OK);
		memcpy(stamps[i], grant_token(g), GRANT_TOKEN_SIZE);
		grant_unref(g);
	}
	assert_memory_equal(stamps[0], stamps[1], GRANT_TOKEN_SIZE);
	assert_memory_not_equal(stamps[0], stamps[2], GRANT_TOKEN_SIZE);
	buf_free(&token);
	buf_free(&pem);
	jws_keys_free(keys);
	EVP_PKEY_free(pair);
}

/* All tokens of one key and subject have the same holder, and no others. */
static void
tells_subjects(void **state)
{
	static const struct {
		const char *secret, *claims;
		int who; /* 0: nobody is named */
	} rows[] = {
		{ SECRET, "{\"sub\":\"a\"}", 1 },
		{ SECRET, "{\"jti\":1,\"sub\":\"a\"}", 1 },
		{ SECRET, "{\"sub\":\"b\"}", 2 },
		{ SECRET "x", "{\"sub\":\"a\"}", 3 },
		{ SECRET, "{}", 0 },
		{ SECRET, "{\"sub\":\"\"}", 0 },
		{ SECRET, "{\"sub\":null}", 0 },
		{ SECRET, "{\"sub\":[\"a\"]}", 0 },
		{ SECRET, "{\"sub\":1}", 0 },
	};
	uint64_t seen[4] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct jws_keys *key = forge_key(rows[i].secret, "HS256");
		uint64_t *who = &seen[rows[i].who];
		struct grant *g = NULL;
		struct buf token;

		buf_init(&token, JWS_TOKEN_MAX);
		forge(&token, slice_of(HONEST), slice_of(rows[i].claims),
		    slice_of(rows[i].secret), EVP_sha256());
		assert_int_equal(unit_verify(&g, buf_view(&token), key, NOW_MS,
				     MATCHERS_MAX, NULL),
		    ERR_OK);
		if (*who == 0)
			*who = grant_holder(g);
		if (grant_holder(g) != *who || (*who != 0) != (rows[i].who > 0))
			fail_msg("%s", rows[i].claims);
		grant_unref(g);
		buf_free(&token);
		jws_keys_free(key);
	}
	assert_true(seen[1] != seen[2] && seen[1] != seen[3]);
}

static void
mints_both_arrays(void **state)
{
	struct jws_keys *key = forge_key(SECRET, "HS256");
	struct token_rights r = { .publish = NULL };
	struct buf token, claims;

	(void)state;
	buf_init(&token, JWS_TOKEN_MAX);
	buf_init(&claims, JWS_TOKEN_MAX);
	assert_int_equal(
	    token_mint(&token, &r, unit_dialect(), key, NULL), ERR_OK);
	assert_int_equal(
	    jws_verify(&claims, NULL, NULL, buf_view(&token), key, "jwt", NULL),
	    ERR_OK);
	assert_true(slice_is(buf_view(&claims),
	    "{\"mercure\":{\"publish\":[],\"subscribe\":[]}}"));
	buf_free(&token);
	buf_free(&claims);
	jws_keys_free(key);
}

static void
mints_no_nonsense(void **state)
{
	static char long_text[7000];
	struct jws_keys *key = forge_key(SECRET, "HS256");
	struct selector selector = { SELECTOR_TOPIC, { "\xff", 1 } };
	struct token_rights r = { .publish = &selector, .publish_n = 1 };
	struct problem p = { "" };
	struct buf token;

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	buf_init(&token, 2 * JWS_TOKEN_MAX);
	assert_int_equal(
	    token_mint(&token, &r, unit_dialect(), key, &p), ERR_SYNTAX);
	assert_string_not_equal(p.text, "");
	selector.text = (struct slice){ "a\0b", 3 };
	assert_int_equal(
	    token_mint(&token, &r, unit_dialect(), key, NULL), ERR_SYNTAX);
	selector.text = (struct slice){ long_text, sizeof(long_text) };
	assert_int_equal(
	    token_mint(&token, &r, unit_dialect(), key, &p), ERR_LIMIT);
	selector.text = slice_of("a");
	r.payload = slice_of("{");
	assert_int_equal(
	    token_mint(&token, &r, unit_dialect(), key, &p), ERR_SYNTAX);
	assert_int_equal(token.len, 0);
	buf_free(&token);
	jws_keys_free(key);
}

static void
survives_no_memory(void **state)
{
	struct jws_keys *key = forge_key(SECRET, "HS256");
	const struct selector selector = selector_topic(slice_of("a"));
	struct token_rights r = { .publish = &selector, .publish_n = 1 };
	struct buf token;
	long n = 0;
	enum err e;

	(void)state;
	do {
		buf_init(&token, JWS_TOKEN_MAX);
		mem_fail_at(++n);
		e = token_mint(&token, &r, unit_dialect(), key, NULL);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		if (e != ERR_OK)
			buf_free(&token);
	} while (mem_failed());
	assert_true(n > 1);

	n = 0;
	do {
		struct grant *g = NULL;

		mem_fail_at(++n);
		e = unit_verify(
		    &g, buf_view(&token), key, NOW_MS, MATCHERS_MAX, NULL);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_int_equal(g == NULL, mem_failed());
		grant_unref(g);
	} while (mem_failed());
	mem_fail_at(0);
	assert_true(n > 3);
	buf_free(&token);
	jws_keys_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_claims),
		cmocka_unit_test(comes_back),
		cmocka_unit_test(knows_a_token_by_what_is_signed),
		cmocka_unit_test(tells_subjects),
		cmocka_unit_test(mints_both_arrays),
		cmocka_unit_test(mints_no_nonsense),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
