/* SPDX-License-Identifier: MIT */
/* bench_jws.c - what verifying a token costs beside OpenSSL's bare call. */
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "mercure/token.h"
#include "text/base64url.h"
#include "unit/dialect.h"
#include "unit/jws_forge.h"
#include "unit/jws_pair.h"

#define ROUNDS 31 /* whose median counts */
#define ROUND_NS 4000000
#define DER_MAX 1024
#define NOW_MS INT64_C(1700000000000)

/* 216 bytes, as an application's framework writes them. */
#define BENCH_CLAIMS                                                         \
	"{\"iat\":1699996400,\"exp\":1700003600.583167,\"sub\":\"user-42\"," \
	"\"mercure\":{\"publish\":[],\"subscribe\":[\"https://example.com/"  \
	"users/42\",\"https://example.com/news\"],\"payload\":{\"user\":42," \
	"\"name\":\"somebody\"}}}"

/* One algorithm: an honest token, and its parts as the bare call takes them. */
struct subject {
	const char *alg;
	EVP_PKEY *pair; /* NULL: HMAC by SECRET */
	const EVP_MD *digest;
	bool pss;
	struct jws_keys *keys;
	struct buf token, signature;
	size_t signed_len; /* bytes of the token that are signed */
};

typedef bool run_once(const struct subject *s);

static bool
run_bare(const struct subject *s)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool ok;

	ok = EVP_DigestVerifyInit(ctx, &pctx, s->digest, NULL, s->pair) == 1 &&
	     (!s->pss || (EVP_PKEY_CTX_set_rsa_padding(
			      pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
			     EVP_PKEY_CTX_set_rsa_pss_saltlen(
				 pctx, RSA_PSS_SALTLEN_DIGEST) == 1)) &&
	     EVP_DigestVerify(ctx, (const uint8_t *)s->signature.base,
		 s->signature.len, (const uint8_t *)s->token.base,
		 s->signed_len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool
run_bare_mac(const struct subject *s)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return HMAC(s->digest, SECRET, sizeof(SECRET) - 1,
		   (const uint8_t *)s->token.base, s->signed_len, mac,
		   &len) != NULL &&
	       len == s->signature.len &&
	       CRYPTO_memcmp(mac, s->signature.base, len) == 0;
}

static bool
run_jws(const struct subject *s)
{
	struct buf payload;
	enum err e;

	buf_init(&payload, JWS_TOKEN_MAX);
	e = jws_verify(
	    &payload, NULL, NULL, buf_view(&s->token), s->keys, "JWT", NULL);
	buf_free(&payload);
	return e == ERR_OK;
}

static bool
run_token(const struct subject *s)
{
	struct grant *g = NULL;
	enum err e =
	    unit_verify(&g, buf_view(&s->token), s->keys, NOW_MS, 100, NULL);

	grant_unref(g);
	return e == ERR_OK;
}

static int64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Nanoseconds of processor time of one call, over a round. */
static double
measure(run_once *run, const struct subject *s)
{
	int64_t start = cpu_ns(), now;
	long n = 0;

	do {
		for (int i = 0; i < 8; i++, n++)
			if (!run(s))
				exit(1);
		now = cpu_ns();
	} while (now - start < ROUND_NS);
	return (double)(now - start) / (double)n;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The rounds take turns, so that a busy machine hits all three alike. */
static void
report(const struct subject *s)
{
	run_once *const runs[] = { s->pair != NULL ? run_bare : run_bare_mac,
		run_jws, run_token };
	double ns[3][ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		for (int r = 0; r < 3; r++)
			ns[r][i] = measure(runs[r], s);
	for (int r = 0; r < 3; r++)
		qsort(ns[r], ROUNDS, sizeof(double), compare);
	printf("%s bare_us=%.1f jws_us=%.1f token_us=%.1f\n", s->alg,
	    ns[0][ROUNDS / 2] / 1e3, ns[1][ROUNDS / 2] / 1e3,
	    ns[2][ROUNDS / 2] / 1e3);
}

/* r and s as the DER sequence that OpenSSL takes. */
static void
signature_to_der(struct buf *signature)
{
	int half = (int)signature->len / 2;
	const uint8_t *bytes = (const uint8_t *)signature->base;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	uint8_t der[DER_MAX], *end = der;

	ECDSA_SIG_set0(sig, BN_bin2bn(bytes, half, NULL),
	    BN_bin2bn(bytes + half, half, NULL));
	buf_clear(signature);
	buf_add(signature, der, (size_t)(i2d_ECDSA_SIG(sig, &end)));
	ECDSA_SIG_free(sig);
}

static void
parts_take(struct subject *s)
{
	struct slice rest = buf_view(&s->token), part;

	while (slice_cut(&rest, '.', &part))
		if (rest.base != NULL)
			s->signed_len = (size_t)(rest.base - s->token.base) - 1;
	if (base64url_decode(&s->signature, part) != ERR_OK)
		exit(1);
	if (s->alg[0] == 'E' && s->alg[1] == 'S')
		signature_to_der(&s->signature);
}

static void
bench(const char *alg, const char *kind)
{
	struct subject s = { .alg = alg, .pss = alg[0] == 'P' };
	char header[64];
	struct buf pem;

	snprintf(
	    header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"JWT\"}", alg);
	s.digest = strcmp(alg, "EdDSA") == 0 ? NULL
		   : alg[2] == '2'           ? EVP_sha256()
		   : alg[2] == '3'           ? EVP_sha384()
					     : EVP_sha512();
	buf_init(&pem, FORGE_MAX);
	buf_init(&s.token, FORGE_MAX);
	buf_init(&s.signature, DER_MAX);
	if (kind == NULL) {
		buf_text(&pem, SECRET);
		forge(&s.token, slice_of(header), slice_of(BENCH_CLAIMS),
		    slice_of(SECRET), s.digest);
	} else {
		s.pair = pair_new(kind);
		pair_pem(&pem, s.pair);
		pair_sign(&s.token, s.pair, alg, slice_of(header),
		    slice_of(BENCH_CLAIMS));
	}
	if (jws_keys_new(&s.keys, buf_view(&pem), alg, NULL) != ERR_OK)
		exit(1);
	parts_take(&s);
	report(&s);
	jws_keys_free(s.keys);
	EVP_PKEY_free(s.pair);
	buf_free(&s.signature);
	buf_free(&s.token);
	buf_free(&pem);
}

int
main(void)
{
	static const char *const macs[] = { "HS256", "HS384", "HS512" };

	for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++)
		bench(macs[i], NULL);
	for (size_t i = 0; i < PAIR_ALGS_N; i++)
		bench(pair_algs[i].name, pair_algs[i].kind);
	return 0;
}
