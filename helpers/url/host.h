/* SPDX-License-Identifier: MIT */
/* host.h - hosts of URLs: domains, addresses, opaque names; for url.c. */
#ifndef URL_HOST_H
#define URL_HOST_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * Add the host that `text` spells, as the "host parser" and "host serializer"
 * of section 3.5 do; `is_opaque` for a URL that is not special.  ERR_SYNTAX,
 * or ERR_UNSUPPORTED: a domain that is not ASCII.  After a failure `out` may
 * hold a part of it.  What the buffer fails with stays in the buffer.
 */
enum err url_host_add(struct buf *out, struct slice text, bool is_opaque);

#endif
