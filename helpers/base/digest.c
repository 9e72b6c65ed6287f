/* SPDX-License-Identifier: MIT */
/* digest.c - SHA-256 by OpenSSL. */
#include "base/digest.h"

#include <openssl/evp.h>

enum err
digest_sha256(uint8_t out[DIGEST_SIZE], struct slice text)
{
	unsigned n = 0;

	if (EVP_Digest(text.len > 0 ? text.base : "", text.len, out, &n,
		EVP_sha256(), NULL) != 1 ||
	    n != DIGEST_SIZE)
		return ERR_NOMEM;
	return ERR_OK;
}
