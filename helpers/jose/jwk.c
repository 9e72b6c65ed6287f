/* SPDX-License-Identifier: MIT */
/* jwk.c - makes keys of JSON Web Keys. */
#include "jose/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "text/base64url.h"

#define N_MAX (JWS_RSA_BITS_MAX / 8 + 1) /* some write a zero in front */
#define E_MAX 8 /* longer exponents would make each verification slow */
#define COORDINATE_MAX 66
#define OKP_SIZE 32
#define SECRET_MAX 1024

bool
jwk_is(struct slice text)
{
	static const char *const members[] = { "\"kty\"", "\"keys\"" };

	while (text.len > 0 && text.base[0] != '\0' &&
	       strchr(" \t\r\n", text.base[0]) != NULL)
		text = slice_after(text, 1);
	if (!slice_starts(text, "{"))
		return false;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (memmem(text.base, text.len, members[i],
			strlen(members[i])) != NULL)
			return true;
	return false;
}

/* A member's text; base NULL if there is none. */
static struct slice
text_of(const json_t *jwk, const char *name)
{
	return json_slice(json_object_get(jwk, name));
}

/* Append the bytes of a member in base64url. */
static enum err
bytes_of(
    struct buf *out, const json_t *jwk, const char *name, struct problem *p)
{
	struct slice text = text_of(jwk, name);
	enum err e =
	    text.base != NULL ? base64url_decode(out, text) : ERR_SYNTAX;

	if (e == ERR_NOMEM)
		return e;
	if (e == ERR_OK && out->len > 0)
		return ERR_OK;
	return problem_set(p, ERR_SYNTAX, "Its member \"%s\" is %s.", name,
	    e == ERR_LIMIT      ? "too long"
	    : text.base == NULL ? "missing"
				: "not base64url, or empty");
}

/* A public key of OpenSSL's `type` from what `build` holds. */
static enum err
pkey_build(
    EVP_PKEY **out, const char *type, OSSL_PARAM_BLD *build, struct problem *p)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;
	enum err e = ERR_NOMEM;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
		goto out;
	if (EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		e = problem_set(p, ERR_SYNTAX,
		    "Its numbers are not a public %s key.", type);
		goto out;
	}
	*out = pkey;
	e = ERR_OK;
out:
	ERR_clear_error();
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return e;
}

static enum err
rsa_read(EVP_PKEY **out, const json_t *jwk, struct problem *p)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n_number = NULL, *e_number = NULL;
	struct buf n_bytes, e_bytes;
	enum err e;

	buf_init(&n_bytes, N_MAX);
	buf_init(&e_bytes, E_MAX);
	if ((e = bytes_of(&n_bytes, jwk, "n", p)) != ERR_OK ||
	    (e = bytes_of(&e_bytes, jwk, "e", p)) != ERR_OK)
		goto out;
	n_number =
	    BN_bin2bn((const uint8_t *)n_bytes.base, (int)n_bytes.len, NULL);
	e_number =
	    BN_bin2bn((const uint8_t *)e_bytes.base, (int)e_bytes.len, NULL);
	if (build == NULL || n_number == NULL || e_number == NULL ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n_number) !=
		1 ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e_number) !=
		1) {
		e = ERR_NOMEM;
		goto out;
	}
	e = pkey_build(out, "RSA", build, p);
out:
	BN_free(n_number);
	BN_free(e_number);
	OSSL_PARAM_BLD_free(build);
	buf_free(&n_bytes);
	buf_free(&e_bytes);
	return e;
}

static const struct curve {
	const char *crv, *name;
	size_t size; /* bytes of a coordinate */
} curves[] = {
	{ "P-256", "prime256v1", 32 },
	{ "P-384", "secp384r1", 48 },
	{ "P-521", "secp521r1", COORDINATE_MAX },
};

static const struct curve *
curve_find(struct slice crv)
{
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (slice_is(crv, curves[i].crv))
			return &curves[i];
	return NULL;
}

/* Append 04, x and y: the point in the form OpenSSL reads (SEC 1, 2.3.3). */
static enum err
point_of(struct buf *out, const json_t *jwk, size_t size, struct problem *p)
{
	static const char *const names[] = { "x", "y" };
	enum err e = ERR_OK;

	buf_byte(out, 4);
	for (size_t i = 0; i < 2 && e == ERR_OK; i++) {
		e = bytes_of(out, jwk, names[i], p);
		/* RFC 7518, 6.2.1.2: full length, with zeros in front. */
		if (e == ERR_OK && out->len != 1 + (i + 1) * size)
			e = problem_set(p, ERR_SYNTAX,
			    "Its member \"%s\" is not %zu bytes long.",
			    names[i], size);
	}
	return e;
}

static enum err
ec_read(EVP_PKEY **out, const json_t *jwk, struct problem *p)
{
	const struct curve *curve = curve_find(text_of(jwk, "crv"));
	OSSL_PARAM_BLD *build = NULL;
	struct buf point;
	enum err e;

	if (curve == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "Its curve is none of P-256, P-384 and P-521.");
	buf_init(&point, 1 + 2 * COORDINATE_MAX);
	if ((e = point_of(&point, jwk, curve->size, p)) != ERR_OK)
		goto out;
	if ((build = OSSL_PARAM_BLD_new()) == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(
		build, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(
		build, OSSL_PKEY_PARAM_PUB_KEY, point.base, point.len) != 1) {
		e = ERR_NOMEM;
		goto out;
	}
	e = pkey_build(out, "EC", build, p);
out:
	OSSL_PARAM_BLD_free(build);
	buf_free(&point);
	return e;
}

static enum err
okp_read(EVP_PKEY **out, const json_t *jwk, struct problem *p)
{
	struct buf x;
	enum err e;

	if (!slice_is(text_of(jwk, "crv"), "Ed25519"))
		return problem_set(p, ERR_SYNTAX, "Its curve is not Ed25519.");
	buf_init(&x, OKP_SIZE);
	if ((e = bytes_of(&x, jwk, "x", p)) != ERR_OK)
		goto out;
	if (x.len != OKP_SIZE) {
		e = problem_set(p, ERR_SYNTAX,
		    "Its member \"x\" is not %d bytes long.", OKP_SIZE);
		goto out;
	}
	*out = EVP_PKEY_new_raw_public_key_ex(
	    NULL, "ED25519", NULL, (const uint8_t *)x.base, x.len);
	e = *out != NULL ? ERR_OK : ERR_NOMEM;
out:
	buf_free(&x);
	return e;
}

typedef enum err public_reader(
    EVP_PKEY **out, const json_t *jwk, struct problem *p);

static const struct {
	const char *kty;
	public_reader *read;
} public_kinds[] = {
	{ "RSA", rsa_read },
	{ "EC", ec_read },
	{ "OKP", okp_read },
};

static public_reader *
public_find(struct slice kty)
{
	size_t n = sizeof(public_kinds) / sizeof(public_kinds[0]);

	for (size_t i = 0; i < n; i++)
		if (slice_is(kty, public_kinds[i].kty))
			return public_kinds[i].read;
	return NULL;
}

static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi",
	"oth" };

static enum err
public_read(struct jws_key **out, const json_t *jwk, const struct jws_alg *alg,
    public_reader *read, struct problem *p)
{
	size_t n = sizeof(private_members) / sizeof(private_members[0]);
	EVP_PKEY *pkey = NULL;
	enum err e;

	for (size_t i = 0; i < n; i++)
		if (json_object_get(jwk, private_members[i]) != NULL)
			return problem_set(p, ERR_SYNTAX,
			    "It is a private key, which the hub must not "
			    "have: take the member \"%s\" away.",
			    private_members[i]);
	if ((e = read(&pkey, jwk, p)) == ERR_OK)
		e = jws_key_of_public(out, pkey, alg, p);
	EVP_PKEY_free(pkey);
	return e;
}

static enum err
oct_read(struct jws_key **out, const json_t *jwk, const struct jws_alg *alg,
    bool public_only, struct problem *p)
{
	struct buf secret;
	enum err e;

	if (public_only)
		return problem_set(p, ERR_SYNTAX,
		    "It is a secret, which does not belong in a public set.");
	if (alg == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "It is a secret without \"alg\": say HS256, HS384 or "
		    "HS512.");
	buf_init(&secret, SECRET_MAX);
	if ((e = bytes_of(&secret, jwk, "k", p)) == ERR_OK)
		e = jws_key_of_secret(out, buf_view(&secret), alg, p);
	buf_wipe(&secret);
	return e;
}

/* RFC 7517, 4.2 and 4.3: is it for verifying signatures? */
static bool
is_for_verifying(const json_t *jwk)
{
	const json_t *use = json_object_get(jwk, "use");
	const json_t *ops = json_object_get(jwk, "key_ops");

	if (use != NULL && !slice_is(text_of(jwk, "use"), "sig"))
		return false;
	if (ops == NULL)
		return true;
	for (size_t i = 0; i < json_array_size(ops); i++) {
		if (slice_is(json_slice(json_array_get(ops, i)), "verify"))
			return true;
	}
	return false;
}

static enum err
alg_choose(const struct jws_alg **alg, const json_t *jwk, struct problem *p)
{
	const struct jws_alg *own;

	if (json_object_get(jwk, "alg") == NULL)
		return ERR_OK;
	if ((own = jws_alg_find(text_of(jwk, "alg"))) == NULL)
		return problem_set(
		    p, ERR_SYNTAX, "Its algorithm is not one of signatures.");
	if (*alg != NULL && *alg != own)
		return problem_set(p, ERR_SYNTAX,
		    "It is for %s, and the configuration says %s.", own->name,
		    (*alg)->name);
	*alg = own;
	return ERR_OK;
}

enum err
jwk_read(struct jws_key **out, const json_t *jwk, const struct jws_alg *pinned,
    bool public_only, struct problem *p)
{
	struct slice kty = text_of(jwk, "kty"), kid = text_of(jwk, "kid");
	public_reader *read = public_find(kty);
	const struct jws_alg *alg = pinned;
	struct jws_key *k = NULL;
	enum err e;

	if (read == NULL && !slice_is(kty, "oct"))
		return problem_set(p, ERR_SYNTAX,
		    "Its kind \"kty\" is none of RSA, EC, OKP and oct.");
	if (!is_for_verifying(jwk))
		return problem_set(p, ERR_SYNTAX,
		    "Its \"use\" or \"key_ops\" is not to verify signatures.");
	if ((e = alg_choose(&alg, jwk, p)) != ERR_OK)
		return e;
	e = read != NULL ? public_read(&k, jwk, alg, read, p)
			 : oct_read(&k, jwk, alg, public_only, p);
	if (e != ERR_OK)
		return e;
	if (kid.base != NULL && kid.len < sizeof(k->kid))
		memcpy(k->kid, kid.base, kid.len);
	*out = k;
	return ERR_OK;
}
