/* SPDX-License-Identifier: MIT */
/* fuzz_jws.c - peeks at and verifies any bytes as a token. */
#include <stdint.h>
#include <stdlib.h>

#include "base64url.h"
#include "jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The key is the one of the seeds, so that some inputs verify.  Then the
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char secret[] = "a secret of 32 bytes, as advised";
	struct slice token = { (const char *)data, size };
	struct jws_keys *key = NULL;
	struct jws_peek peek;
	struct fault f = { "" };
	struct buf payload;

	jws_peek(&peek, token);
	if (jws_keys_new(&key, slice_of(secret), "HS256", NULL) != ERR_OK)
		return 0;
	buf_init(&payload, JWS_TOKEN_MAX);
	if (jws_verify(&payload, NULL, token, key, "JWT", &f) == ERR_OK)
		check_payload(token, buf_view(&payload));
	else if (f.text[0] == '\0')
		abort();
	buf_free(&payload);
	jws_keys_free(key);
	return 0;
}
