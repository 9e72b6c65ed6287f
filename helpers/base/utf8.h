/* SPDX-License-Identifier: MIT */
/* utf8.h - validates UTF-8 (RFC 3629: no surrogates, no overlong forms). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

bool utf8_valid(struct slice s);

/* Take the first character off *s into *point.  False, and both untouched,
 * where none begins. */
bool utf8_next(struct slice *s, uint32_t *point);

/* Is there a byte below 0x20, or 0x7f? */
bool utf8_has_control(struct slice s);

#endif
