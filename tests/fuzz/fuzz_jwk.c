/* SPDX-License-Identifier: MIT */
/* fuzz_jwk.c - any text as keys: a JWK, a set of them, PEM, or a secret. */
#include <openssl/err.h>
#include <stdlib.h>

#include "base/log.h"
#include "jose/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

/* The result is a set of keys, or a problem. */
static void
check_keys(const struct jws_keys *keys, enum err e, const struct problem *p)
{
	demand((keys != NULL) == (e == ERR_OK));
	if (e != ERR_OK) {
		demand(e == ERR_SYNTAX || e == ERR_LIMIT);
		demand(p->text[0] != '\0');
		return;
	}
	demand(jws_keys_count(keys) > 0);
	for (size_t i = 0; i < jws_keys_count(keys); i++)
		demand(jws_keys_have(keys, jws_keys_fingerprint(keys, i)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const algs[] = { NULL, "HS256", "RS256", "ES256",
		"EdDSA" };
	struct slice text = { (const char *)data, size };

	log_open("fuzz", LOG_LEVEL_ERR);
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		struct jws_keys *own = NULL, *fetched = NULL;
		struct problem p = { "" };
		enum err e = jws_keys_new(&own, text, algs[i], &p);

		check_keys(own, e, &p);
		p.text[0] = '\0';
		e = jws_keys_fetched(&fetched, text, algs[i], &p);
		check_keys(fetched, e, &p);
		if (e == ERR_OK)
			demand(!jws_keys_have_secret(fetched) && own != NULL);
		jws_keys_free(own);
		jws_keys_free(fetched);
	}
	demand(ERR_peek_error() == 0);
	return 0;
}
