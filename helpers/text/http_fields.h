/* SPDX-License-Identifier: MIT */
/* http_fields.h - reads the head of an answer, line by line. */
#ifndef TEXT_HTTP_FIELDS_H
#define TEXT_HTTP_FIELDS_H

#include <stddef.h>

#include "base/slice.h"

/* The value of the `nth` header (from 0) of this name, in any case, borrowed
 * from `head`; base NULL: there is none. */
struct slice http_fields_value(struct slice head, const char *name, size_t nth);

#endif
