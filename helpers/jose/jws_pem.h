/* SPDX-License-Identifier: MIT */
/* jws_pem.h - public keys in PEM text (RFC 7468); for jws*.c only. */
#ifndef JOSE_JWS_PEM_H
#define JOSE_JWS_PEM_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

/* Is there a PEM block in the text, good or bad? */
bool jws_pem_is(struct slice text);

/*
 * Read the first public key of *text into *out (EVP_PKEY_free()), and leave
 * what stands behind it in *text.  ERR_NOTFOUND: there is no block any more.
 * ERR_SYNTAX: the block is no public key; a private key or a certificate gets
 * a sentence of its own.  ERR_NOMEM.
 */
enum err jws_pem_read(EVP_PKEY **out, struct slice *text, struct problem *p);

#endif
