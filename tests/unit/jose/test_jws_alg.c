/* SPDX-License-Identifier: MIT */
/* test_jws_alg.c - each algorithm verifies its own tokens only. */
#include "unit/unit.h"

#include <jwt.h>
#include <openssl/err.h>

#include "base/mem.h"
#include "jose/jws.h"
#include "text/base64url.h"
#include "unit/jws_forge.h"
#include "unit/jws_pair.h"
#include "unit/mem_fail.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const kinds[] = { "RSA", "P-256", "P-384", "P-521",
	"ED25519" };
static const char *const usual[] = { "RS256", "ES256", "ES384", "ES512",
	"EdDSA" };

/* One pair of each kind, since RSA keys take long to make. */
struct pairs {
	EVP_PKEY *of[COUNT(kinds)];
	struct buf pem[COUNT(kinds)];
};

static int
pairs_make(void **state)
{
	struct pairs *p = mem_calloc(1, sizeof(*p));

	for (size_t i = 0; i < COUNT(kinds); i++) {
		p->of[i] = pair_new(kinds[i]);
		buf_init(&p->pem[i], FORGE_MAX);
		pair_pem(&p->pem[i], p->of[i]);
		buf_byte(&p->pem[i], '\0');
		p->pem[i].len--; /* stays behind it */
	}
	*state = p;
	return 0;
}

static int
pairs_free(void **state)
{
	struct pairs *p = *state;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		EVP_PKEY_free(p->of[i]);
		buf_free(&p->pem[i]);
	}
	mem_free(p);
	return 0;
}

static size_t
kind_of(const struct pair_alg *alg)
{
	size_t i = 0;

	while (strcmp(kinds[i], alg->kind) != 0)
		i++;
	return i;
}

/* Every token with every key: it verifies where the algorithm is the key's. */
static void
test_each_takes_its_own(void **state)
{
	struct pairs *p = *state;
	struct buf token;

	buf_init(&token, FORGE_MAX);
	for (size_t i = 0; i < PAIR_ALGS_N; i++) {
		const struct pair_alg *mine = &pair_algs[i];
		struct slice pem = buf_view(&p->pem[kind_of(mine)]);
		struct jws_keys *keys = NULL;

		assert_int_equal(
		    jws_keys_new(&keys, pem, mine->name, NULL), ERR_OK);
		for (size_t j = 0; j < PAIR_ALGS_N; j++) {
			buf_clear(&token);
			pair_token(&token, p->of[kind_of(&pair_algs[j])],
			    pair_algs[j].name);
			if (forge_verify(pair_algs[j].name, buf_view(&token),
				keys) != (i == j ? ERR_OK : ERR_TOKEN))
				fail_msg("%s with a key for %s",
				    pair_algs[j].name, mine->name);
		}
		jws_keys_free(keys);
	}
	buf_free(&token);
}

/* The header names the key's algorithm, the signature is of another. */
static void
test_header_does_not_decide(void **state)
{
	static const struct {
		size_t kind;
		const char *pinned, *signed_by;
	} rows[] = {
		{ 0, "RS256", "RS512" },
		{ 0, "RS256", "PS256" },
		{ 0, "PS256", "RS256" },
		{ 0, "PS256", "PS384" },
	};
	struct pairs *p = *state;
	struct buf token;

	buf_init(&token, FORGE_MAX);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct jws_keys *keys =
		    forge_key(p->pem[rows[i].kind].base, rows[i].pinned);
		char header[64];

		snprintf(
		    header, sizeof(header), "{\"alg\":\"%s\"}", rows[i].pinned);
		buf_clear(&token);
		pair_sign(&token, p->of[rows[i].kind], rows[i].signed_by,
		    slice_of(header), slice_of(CLAIMS));
		if (forge_verify(rows[i].signed_by, buf_view(&token), keys) !=
		    ERR_TOKEN)
			fail_msg(
			    "%s for %s", rows[i].signed_by, rows[i].pinned);
		jws_keys_free(keys);
	}
	buf_free(&token);
}

/* Of a public key that comes without one. */
static void
test_usual_algorithm(void **state)
{
	struct pairs *p = *state;
	struct buf token;

	buf_init(&token, FORGE_MAX);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct jws_keys *keys = NULL;

		assert_int_equal(
		    jws_keys_new(&keys, buf_view(&p->pem[i]), NULL, NULL),
		    ERR_OK);
		assert_false(jws_keys_have_secret(keys));
		buf_clear(&token);
		pair_token(&token, p->of[i], usual[i]);
		assert_int_equal(
		    forge_verify(usual[i], buf_view(&token), keys), ERR_OK);
		jws_keys_free(keys);
	}
	buf_free(&token);
}

/* Each bit of a signature counts, and nothing is left for the next caller. */
static void
test_signature_bits(void **state)
{
	struct pairs *p = *state;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct jws_keys *keys = NULL;
		struct buf token;
		size_t at;

		buf_init(&token, FORGE_MAX);
		pair_token(&token, p->of[i], usual[i]);
		assert_int_equal(
		    jws_keys_new(&keys, buf_view(&p->pem[i]), NULL, NULL),
		    ERR_OK);
		at = token.len - 1;
		while (token.base[--at] != '.') {
			char was = token.base[at];

			token.base[at] = was == 'A' ? 'B' : 'A';
			if (forge_verify(usual[i], buf_view(&token), keys) !=
			    ERR_TOKEN)
				fail_msg("%s, byte %zu", usual[i], at);
			token.base[at] = was;
		}
		assert_true(ERR_peek_error() == 0);
		buf_free(&token);
		jws_keys_free(keys);
	}
}

/* libjwt's opinion of all that it knows: no PS and no EdDSA in 1.10. */
static void
test_libjwt_agrees(void **state)
{
	struct pairs *p = *state;
	struct buf token;

	buf_init(&token, FORGE_MAX);
	for (size_t i = 0; i < PAIR_ALGS_N; i++) {
		const struct pair_alg *a = &pair_algs[i];
		struct buf *pem = &p->pem[kind_of(a)];
		jwt_t *jwt = NULL;

		if (jwt_str_alg(a->name) == JWT_ALG_INVAL)
			continue;
		pair_token(&token, p->of[kind_of(a)], a->name);
		buf_byte(&token, '\0');
		if (jwt_decode(&jwt, token.base,
			(const unsigned char *)pem->base, (int)pem->len) != 0)
			fail_msg("%s: libjwt refuses it", a->name);
		assert_string_equal(jwt_alg_str(jwt_get_alg(jwt)), a->name);
		jwt_free(jwt);
		buf_clear(&token);
	}
	buf_free(&token);
}

/* The list of names that the configuration offers is that of the table. */
static void
test_names(void **state)
{
	struct slice rest = slice_of(JWS_ALG_NAMES), name;
	size_t n = 0;

	(void)state;
	while (slice_cut(&rest, ' ', &name)) {
		struct jws_keys *keys = NULL;
		char alg[16];

		snprintf(alg, sizeof(alg), "%.*s", SLICE_ARG(name));
		if (jws_keys_new(&keys, slice_of(SECRET), alg, NULL) ==
		    ERR_UNSUPPORTED)
			fail_msg("%s", alg);
		jws_keys_free(keys);
		n++;
	}
	assert_int_equal(n, 3 + PAIR_ALGS_N);
}

static void
test_no_memory(void **state)
{
	struct pairs *p = *state;
	struct jws_keys *keys = NULL;
	struct buf token, out;
	long n = 0;
	enum err e;

	do {
		jws_keys_free(keys);
		keys = NULL;
		mem_fail_at(++n);
		e = jws_keys_new(&keys, buf_view(&p->pem[1]), "ES256", NULL);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_true((keys == NULL) == mem_failed());
	} while (mem_failed());
	assert_true(n > 2);

	mem_fail_at(0);
	buf_init(&token, FORGE_MAX);
	pair_token(&token, p->of[1], "ES256");
	n = 0;
	do {
		buf_init(&out, FORGE_MAX);
		mem_fail_at(++n);
		e = jws_verify(
		    &out, NULL, NULL, buf_view(&token), keys, "JWT", NULL);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		buf_free(&out);
	} while (mem_failed());
	assert_true(n > 3);
	mem_fail_at(0);
	buf_free(&token);
	jws_keys_free(keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_takes_its_own),
		cmocka_unit_test(test_header_does_not_decide),
		cmocka_unit_test(test_usual_algorithm),
		cmocka_unit_test(test_signature_bits),
		cmocka_unit_test(test_libjwt_agrees),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, pairs_make, pairs_free);
}
