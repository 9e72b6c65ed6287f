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
 * what stands behind it in *text.  ERR_NOTFOUND: the text holds no block (any
 * more).  ERR_SYNTAX: the block is not a public key; the problem says so if it
 * is a private key or a certificate.  ERR_NOMEM.
 */
enum err jws_pem_read(EVP_PKEY **out, struct slice *text, struct problem *p);

#endif
