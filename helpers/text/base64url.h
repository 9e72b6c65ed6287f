/* SPDX-License-Identifier: MIT */
/* base64url.h - base64url without padding (RFC 7515, section 2), strict. */
#ifndef TEXT_BASE64URL_H
#define TEXT_BASE64URL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

void base64url_encode(struct buf *out, const uint8_t *bytes, size_t len);

/* ERR_SYNTAX (out keeps its old content): a foreign character, padding, an
 * impossible length, or trailing bits that are not zero.  ERR_NOMEM,
 * ERR_LIMIT. */
enum err base64url_decode(struct buf *out, struct slice text);

#endif
