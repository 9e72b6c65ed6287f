/* SPDX-License-Identifier: MIT */
/* footprint.c - keeps libraries from taking memory in advance. */
#include "hub/footprint.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include "queue/queue.h"

/* Free memory that a small process may hold back. */
#define SLACK 16384

void
footprint_begin(void)
{
	/* A few threads do not need an arena each. */
	mallopt(M_ARENA_MAX, 2);
	queue_keep_small(false);
	/* Leave out the texts of errors, which are never printed, and the names
	 * of ciphers, which are never looked up.  Those of digests stay: they
	 * cannot be added later, and without them TLS trusts no certificate
	 * that an authority signed. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
				OPENSSL_INIT_NO_ADD_ALL_CIPHERS,
	    NULL);
}

void
footprint_alone(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, SLACK);
	mallopt(M_TOP_PAD, SLACK);
	queue_keep_small(true);
}

void
footprint_tidy(void)
{
	malloc_trim(0);
}
