/* SPDX-License-Identifier: MIT */
/* fuzz_token.c - any claims, signed correctly, and any payload to sign. */
#include <openssl/hmac.h>
#include <stdlib.h>

#include "mercure/token.h"
#include "text/base64url.h"
#include "text/json.h"
#include "unit/dialect.h"

#define SECRET "a secret of 32 bytes, as advised"
#define NOW_MS INT64_C(1700000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static void
sign(struct buf *out, const uint8_t *claims, size_t size)
{
	static const char header[] = "{\"alg\":\"HS256\"}";
	uint8_t mac[32];
	unsigned n = 0;

	base64url_encode(out, (const uint8_t *)header, sizeof(header) - 1);
	buf_byte(out, '.');
	base64url_encode(out, claims, size);
	demand(HMAC(EVP_sha256(), SECRET, sizeof(SECRET) - 1,
		   (const uint8_t *)out->base, out->len, mac, &n) != NULL);
	buf_byte(out, '.');
	base64url_encode(out, mac, sizeof(mac));
}

/* Signing may change the order of an object's members. */
static bool
same_json(struct slice a, struct slice b)
{
	json_t *one = NULL, *two = NULL;
	bool same;

	demand(json_parse(&one, a) == ERR_OK && json_parse(&two, b) == ERR_OK);
	same = json_equal(one, two) != 0;
	json_decref(one);
	json_decref(two);
	return same;
}

/* The payload of a grant can be minted again and comes back the same. */
static void
check_payload(const struct grant *g, const struct jws_keys *key)
{
	struct token_rights r = { .payload = grant_payload(g) };
	struct grant *again = NULL;
	struct buf token;

	if (r.payload.base == NULL)
		return;
	buf_init(&token, JWS_TOKEN_MAX);
	if (token_mint(&token, &r, unit_dialect(), key, NULL) == ERR_OK) {
		demand(unit_verify(&again, buf_view(&token), key, NOW_MS, 10,
			   NULL) == ERR_OK);
		demand(same_json(grant_payload(again), grant_payload(g)));
		demand(!grant_has_publish(again));
		grant_unref(again);
	}
	buf_free(&token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jws_keys *key = NULL;
	struct grant *g = NULL;
	struct problem p = { "" };
	struct buf token;
	enum err e;

	if (size > JWS_TOKEN_MAX ||
	    jws_keys_new(&key, slice_of(SECRET), "HS256", NULL) != ERR_OK)
		return 0;
	buf_init(&token, 2 * JWS_TOKEN_MAX);
	sign(&token, data, size);
	e = unit_verify(&g, buf_view(&token), key, NOW_MS, 10, &p);
	if (e == ERR_OK) {
		demand(grant_expires_ms(g) > NOW_MS);
		check_payload(g, key);
	} else {
		demand(e == ERR_TOKEN || e == ERR_LIMIT);
		demand(p.text[0] != '\0' && g == NULL);
	}
	grant_unref(g);
	buf_free(&token);
	jws_keys_free(key);
	return 0;
}
