/* SPDX-License-Identifier: MIT */
/* fuzz_jws.c - peeks at and verifies any bytes as a token. */
#include <openssl/err.h>
#include <stdint.h>
#include <stdlib.h>

#include "jose/jws.h"
#include "text/base64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The keys are those of the seeds, so that some inputs verify.  Then the
 * payload is what the second segment says, and no other spelling verifies.
 */
static void
check_payload(struct slice token, struct slice payload)
{
	struct slice rest = token, part;
	struct buf text;

	buf_init(&text, 2 * JWS_TOKEN_MAX);
	base64url_encode(&text, (const uint8_t *)payload.base, payload.len);
	if (!slice_cut(&rest, '.', &part) || !slice_cut(&rest, '.', &part) ||
	    !slice_eq(buf_view(&text), part))
		abort();
	buf_free(&text);
}

/*
 * The secret of the seeds, and the public keys of RFC 7515 and RFC 8037, whose
 * tokens are seeds, too.
 */
static const char key_set[] =
    "{\"keys\":[{\"kty\":\"oct\",\"alg\":\"HS256\","
    "\"k\":\"YSBzZWNyZXQgb2YgMzIgYnl0ZXMsIGFzIGFkdmlzZWQ\"},"
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"ec\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"okp\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
    "{\"kty\":\"RSA\",\"kid\":\"rsa\",\"e\":\"AQAB\",\"n\":\""
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw"
    "-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690"
    "r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-U"
    "To7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyx"
    "XFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}"
    "]}";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Made once: checking an RSA key takes longer than all the rest. */
	static struct jws_keys *keys;
	struct slice token = { (const char *)data, size };
	struct problem p = { "" };
	struct jws_peek peek;
	struct buf payload;
	uint64_t print = 0;
	enum err e;

	jws_peek(&peek, token);
	if (keys == NULL &&
	    jws_keys_new(&keys, slice_of(key_set), NULL, NULL) != ERR_OK)
		abort();
	buf_init(&payload, JWS_TOKEN_MAX);
	e = jws_verify(&payload, &print, NULL, token, keys, "JWT", &p);
	if (e == ERR_OK)
		check_payload(token, buf_view(&payload));
	if ((e == ERR_OK) != jws_keys_have(keys, print) ||
	    (e != ERR_OK && p.text[0] == '\0') || ERR_peek_error() != 0)
		abort();
	buf_free(&payload);
	return 0;
}
