/* SPDX-License-Identifier: MIT */
/* json.h - parses foreign JSON: no duplicate keys, no deep nesting. */
#ifndef TEXT_JSON_H
#define TEXT_JSON_H

#include <jansson.h>

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define JSON_DEPTH_MAX 32

/*
 * Parse a whole text; the caller releases *out with json_decref().
 * Texts in it may hold NUL.  Numbers that are too large lose digits, as in
 * JavaScript (see json_numbers.h).
 * ERR_SYNTAX: no JSON, a duplicate key, invalid UTF-8, NUL in a key, or nesting
 * deeper than JSON_DEPTH_MAX.  ERR_NOMEM.
 */
enum err json_parse(json_t **out, struct slice text);

/* The same with another depth, for texts that hold such texts. */
enum err json_parse_within(json_t **out, struct slice text, size_t depth_max);

/* Is the nesting of brackets no deeper than JSON_DEPTH_MAX?  Of texts that are
 * no JSON, as far as the parser gets. */
bool json_is_shallow(struct slice text);

/* The text that a value is, borrowed; base NULL: it is not a text. */
struct slice json_slice(const json_t *json);

/* Overwrite all texts in the value (NULL: none), which stays the caller's.
 * Copies that the parser made are not overwritten. */
void json_wipe(json_t *json);

/* Add any value as compact text.  ERR_NOMEM, or what the buffer failed with. */
enum err json_write(struct buf *out, const json_t *json);

/* Add a text, which is UTF-8, as a JSON string with its quotes. */
void json_write_text(struct buf *out, struct slice text);

#endif
