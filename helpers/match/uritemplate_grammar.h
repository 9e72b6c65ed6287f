/* SPDX-License-Identifier: MIT */
/* uritemplate_grammar.h - the parts of a URI Template (RFC 6570, section 2). */
#ifndef MATCH_URITEMPLATE_GRAMMAR_H
#define MATCH_URITEMPLATE_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/*
 * How expressions expand, by their operator: what stands in front ('\0':
 * nothing), what between values, and what values hold: reserved characters;
 * `pairs`: their names stand there as well, so that "=" is among it.
 */
struct uritemplate_op {
	char name, first, between;
	bool reserved, pairs;
};

/* The content of a pair of braces. */
struct uritemplate_expression {
	const struct uritemplate_op *op;
	size_t n; /* variables */
	bool first_explodes, any_explodes;
};

/* Is `s` nothing but literal characters and escapes? */
bool uritemplate_is_literal(struct slice s);

/* Read the text between two braces.  False, and *out untouched: it is not an
 * expression. */
bool uritemplate_read(struct uritemplate_expression *out, struct slice s);

#endif
