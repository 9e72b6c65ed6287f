/* SPDX-License-Identifier: MIT */
/* jws_forge.c - makes tokens that say anything, signed as one likes. */
#include "unit/jws_forge.h"

#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/base64url.h"

struct jws_keys *
forge_key(const char *secret, const char *alg)
{
	struct jws_keys *k = NULL;

	assert_int_equal(jws_keys_new(&k, slice_of(secret), alg, NULL), ERR_OK);
	return k;
}

void
forge(struct buf *out, struct slice header, struct slice payload,
    struct slice secret, const EVP_MD *digest)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	size_t start = out->len;

	base64url_encode(out, (const uint8_t *)header.base, header.len);
	buf_byte(out, '.');
	base64url_encode(out, (const uint8_t *)payload.base, payload.len);
	assert_non_null(HMAC(digest, secret.base, (int)secret.len,
	    (const uint8_t *)out->base + start, out->len - start, mac, &len));
	buf_byte(out, '.');
	base64url_encode(out, mac, len);
	assert_int_equal(out->err, ERR_OK);
}

void
forge_header(struct buf *out, const char *header)
{
	forge(out, slice_of(header), slice_of(CLAIMS), slice_of(SECRET),
	    EVP_sha256());
}

enum err
forge_verify(const char *name, struct slice token, const struct jws_keys *k)
{
	struct problem p = { "" };
	struct buf payload;
	enum err e;

	buf_init(&payload, FORGE_MAX);
	buf_text(&payload, "old");
	e = jws_verify(&payload, NULL, NULL, token, k, "JWT", &p);
	if (e != ERR_OK) {
		if (!slice_is(buf_view(&payload), "old"))
			fail_msg("%s: the payload was touched", name);
		if (e == ERR_TOKEN && p.text[0] == '\0')
			fail_msg("%s: no reason given", name);
		if (strstr(p.text, SECRET) != NULL)
			fail_msg("%s: the secret is in the reason", name);
	}
	buf_free(&payload);
	return e;
}
