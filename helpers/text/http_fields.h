/* SPDX-License-Identifier: MIT */
/* http_fields.h - reads the head of an answer, line by line. */
#ifndef TEXT_HTTP_FIELDS_H
#define TEXT_HTTP_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* The value of the `nth` header (from 0) of this name, in any case, borrowed
 * from `head`; base NULL: there is none. */
struct slice http_head_value(struct slice head, const char *name, size_t nth);

/* Read an IMF-fixdate (RFC 9110, 5.6.7), as seconds since 1970; false, and
 * *out untouched, for anything else. */
bool http_head_date(int64_t *out, struct slice text);

#endif
