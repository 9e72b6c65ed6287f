/* SPDX-License-Identifier: MIT */
/* form.h - application/x-www-form-urlencoded (WHATWG URL standard). */
#ifndef TEXT_FORM_H
#define TEXT_FORM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

struct form_field {
	struct slice name, value;
};

struct form; /* immutable once made; any thread may read */

/*
 * Parse a query string or body: `&` separates (`;` does not), `+` is a
 * space, a stray % is itself, empty pieces are skipped, a piece without `=`
 * has an empty value.  Copies.  ERR_LIMIT: more than `fields_max` fields.
 * ERR_NOMEM.  On failure *out is untouched.
 */
enum err form_parse(struct form **out, struct slice text, size_t fields_max);

size_t form_count(const struct form *f);
struct form_field form_at(const struct form *f, size_t i);

/* The first value of `name`; base NULL if there is none. */
struct slice form_get(const struct form *f, const char *name);

/* Is there a field `name[…]`?  That is how PHP's http_build_query() and some
 * libraries write a list. */
bool form_has_list(const struct form *f, const char *name);

void form_free(struct form *f); /* NULL is allowed */

#endif
