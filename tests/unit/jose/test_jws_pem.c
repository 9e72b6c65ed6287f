/* SPDX-License-Identifier: MIT */
/* test_jws_pem.c - which PEM texts are public keys for which algorithm. */
#include "unit/unit.h"

#include <openssl/core_names.h>
#include <openssl/encoder.h>
#include <openssl/pem.h>

#include "jose/jws.h"
#include "unit/jws_forge.h"
#include "unit/jws_pair.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Append PEM text of the pair, in one way or another. */
typedef void writer(struct buf *out, EVP_PKEY *pair);

static void
add_bio(struct buf *out, BIO *bio)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);

	buf_add(out, text, (size_t)len);
	BIO_free(bio);
}

static void
write_private(struct buf *out, EVP_PKEY *pair)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, pair, NULL, NULL, 0, NULL, NULL);
	add_bio(out, bio);
}

static void
write_encrypted(struct buf *out, EVP_PKEY *pair)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(
	    bio, pair, EVP_aes_128_cbc(), NULL, 0, NULL, (void *)"password");
	add_bio(out, bio);
}

static void
write_traditional(struct buf *out, EVP_PKEY *pair)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey_traditional(
	    bio, pair, NULL, NULL, 0, NULL, NULL);
	add_bio(out, bio);
}

/* "RSA PUBLIC KEY" of PKCS #1, which some programs still write. */
static void
write_pkcs1(struct buf *out, EVP_PKEY *pair)
{
	OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(
	    pair, EVP_PKEY_PUBLIC_KEY, "PEM", "pkcs1", NULL);
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(OSSL_ENCODER_to_bio(ctx, bio), 1);
	OSSL_ENCODER_CTX_free(ctx);
	add_bio(out, bio);
}

static void
write_certificate(struct buf *out, EVP_PKEY *pair)
{
	(void)pair;
	buf_text(out, "-----BEGIN CERTIFICATE-----\nMIIB\n"
		      "-----END CERTIFICATE-----\n");
}

/* The curve spelled out in place of its name. */
static void
write_explicit(struct buf *out, EVP_PKEY *pair)
{
	assert_int_equal(
	    EVP_PKEY_set_utf8_string_param(pair, OSSL_PKEY_PARAM_EC_ENCODING,
		OSSL_PKEY_EC_ENCODING_EXPLICIT),
	    1);
	pair_pem(out, pair);
}

static void
write_twice(struct buf *out, EVP_PKEY *pair)
{
	buf_text(out, "The first:\n");
	pair_pem(out, pair);
	buf_text(out, "and the second:\n");
	pair_pem(out, pair);
}

static void
write_public_and_private(struct buf *out, EVP_PKEY *pair)
{
	pair_pem(out, pair);
	write_private(out, pair);
}

static void
write_cut_end(struct buf *out, EVP_PKEY *pair)
{
	pair_pem(out, pair);
	out->len -= 8;
}

static void
write_cut_begin(struct buf *out, EVP_PKEY *pair)
{
	(void)pair;
	buf_text(out, "-----BEGIN PUBLIC KEY");
}

static void
write_no_key(struct buf *out, EVP_PKEY *pair)
{
	(void)pair;
	buf_text(out, "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n"
		      "-----END PUBLIC KEY-----\n");
}

static void
unwrap(struct buf *out, writer *write, EVP_PKEY *pair)
{
	struct buf pem;
	struct slice rest, line;

	buf_init(&pem, FORGE_MAX);
	write(&pem, pair);
	rest = buf_view(&pem);
	while (slice_cut(&rest, '\n', &line))
		if (!slice_starts(line, "-----"))
			buf_slice(out, line);
	buf_free(&pem);
}

static void
write_no_armour(struct buf *out, EVP_PKEY *pair)
{
	unwrap(out, pair_pem, pair);
}

static void
write_pkcs1_no_armour(struct buf *out, EVP_PKEY *pair)
{
	unwrap(out, write_pkcs1, pair);
}

static void
write_ssh(struct buf *out, EVP_PKEY *pair)
{
	(void)pair;
	buf_text(out, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me@here");
}

static const struct {
	const char *name, *kind;
	writer *write;
	const char *alg;
	const char *want; /* in the sentence; NULL: the key is good */
} rows[] = {
	{ "RSA", "RSA", pair_pem, "RS256", NULL },
	{ "RSA for PS512", "RSA", pair_pem, "PS512", NULL },
	{ "RSA in PKCS #1", "RSA", write_pkcs1, "RS256", NULL },
	{ "two keys and words around", "P-256", write_twice, "ES256", NULL },
	/* OpenSSL compares it with the curves it knows. */
	{ "a known curve spelled out", "P-256", write_explicit, "ES256", NULL },
	{ "18 RSA of 1,024 bits", "RSA-1024", pair_pem, "RS256", "1024 bits" },
	{ "RSA of 1,024 bits, no algorithm", "RSA-1024", pair_pem, NULL,
	    "1024 bits" },
	{ "1 RSA as a secret", "RSA", pair_pem, "HS256", "HS256 cannot use" },
	{ "1 EC as a secret", "P-256", pair_pem, "HS512", "HS512 cannot use" },
	{ "1 RSA as a secret, without armour", "RSA", write_no_armour, "HS256",
	    "looks like a public key" },
	{ "1 RSA in PKCS #1 as a secret, without armour", "RSA",
	    write_pkcs1_no_armour, NULL, "looks like a public key" },
	{ "1 P-256 as a secret, without armour", "P-256", write_no_armour, NULL,
	    "looks like a public key" },
	{ "1 P-384 as a secret, without armour", "P-384", write_no_armour, NULL,
	    "looks like a public key" },
	{ "1 P-521 as a secret, without armour", "P-521", write_no_armour, NULL,
	    "looks like a public key" },
	{ "1 Ed25519 as a secret, without armour", "ED25519", write_no_armour,
	    NULL, "looks like a public key" },
	{ "1 an ssh key as a secret", "P-256", write_ssh, NULL,
	    "looks like a public key" },
	{ "6 P-384 for ES256", "P-384", pair_pem, "ES256", "kind that ES256" },
	{ "6 P-256 for ES512", "P-256", pair_pem, "ES512", "kind that ES512" },
	{ "6 secp256k1 for ES256", "secp256k1", pair_pem, "ES256",
	    "kind that ES256" },
	{ "secp256k1, no algorithm", "secp256k1", pair_pem, NULL, "none of" },
	{ "EC for RS256", "P-256", pair_pem, "RS256", "kind that RS256" },
	{ "RSA for EdDSA", "RSA", pair_pem, "EdDSA", "kind that EdDSA" },
	{ "18 private", "P-256", write_private, "ES256", "is a private key" },
	{ "18 private, traditional", "P-256", write_traditional, "ES256",
	    "is a private key" },
	{ "18 private, encrypted", "P-256", write_encrypted, "ES256",
	    "is a private key" },
	{ "18 private behind a public one", "P-256", write_public_and_private,
	    "ES256", "is a private key" },
	{ "certificate", "P-256", write_certificate, "ES256",
	    "is a certificate" },
	{ "end cut off", "P-256", write_cut_end, "ES256", "is cut" },
	{ "begin cut off", "P-256", write_cut_begin, "ES256", "is cut" },
	{ "no key in it", "P-256", write_no_key, "ES256", "can be read" },
	{ "no PEM", "P-256", write_ssh, "ES256", "needs a public key" },
	{ "algorithm unknown", "P-256", pair_pem, "ES256K", "one of: HS256" },
};

static void
test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		EVP_PKEY *pair = pair_new(rows[i].kind);
		struct jws_keys *keys = NULL;
		struct problem p = { "" };
		struct buf text;
		enum err e;

		buf_init(&text, FORGE_MAX);
		rows[i].write(&text, pair);
		e = jws_keys_new(&keys, buf_view(&text), rows[i].alg, &p);
		if ((keys == NULL) != (e != ERR_OK) ||
		    (e == ERR_OK) != (rows[i].want == NULL) ||
		    (e != ERR_OK && strstr(p.text, rows[i].want) == NULL))
			fail_msg("%s: %s", rows[i].name, p.text);
		jws_keys_free(keys);
		buf_free(&text);
		EVP_PKEY_free(pair);
	}
}

static void
test_both_keys_of_a_text_count(void **state)
{
	EVP_PKEY *old = pair_new("P-256"), *new = pair_new("P-256");
	struct jws_keys *keys;
	struct buf text, token;
	uint64_t print = 0;

	(void)state;
	buf_init(&text, FORGE_MAX);
	buf_init(&token, FORGE_MAX);
	pair_pem(&text, old);
	pair_pem(&text, new);
	buf_byte(&text, '\0');
	keys = forge_key(text.base, "ES256");
	assert_int_equal(jws_keys_count(keys), 2);

	pair_token(&token, new, "ES256");
	buf_clear(&text);
	assert_int_equal(jws_verify(&text, &print, NULL, buf_view(&token), keys,
			     "JWT", NULL),
	    ERR_OK);
	assert_true(print == jws_keys_fingerprint(keys, 1));
	assert_true(print != jws_keys_fingerprint(keys, 0));
	assert_true(jws_keys_have(keys, print));
	assert_false(jws_keys_have(keys, print + 1));
	jws_keys_free(keys);
	buf_free(&token);
	buf_free(&text);
	EVP_PKEY_free(old);
	EVP_PKEY_free(new);
}

static void
test_too_many(void **state)
{
	EVP_PKEY *pair = pair_new("ED25519");
	struct jws_keys *keys = NULL;
	struct buf text;

	(void)state;
	buf_init(&text, FORGE_MAX);
	for (int i = 0; i < 65; i++)
		pair_pem(&text, pair);
	assert_int_equal(
	    jws_keys_new(&keys, buf_view(&text), "EdDSA", NULL), ERR_LIMIT);
	assert_null(keys);
	buf_free(&text);
	EVP_PKEY_free(pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_both_keys_of_a_text_count),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
