/* SPDX-License-Identifier: MIT */
/* json.c - JSON from strangers, read by jansson. */
#include "text/json.h"

#include <stdint.h>

#include "text/json_numbers.h"

/*
 * jansson recurses once per level, so the depth is known before it starts.
 * The scan and the parser agree up to the first error, where the parser
 * stops: a malformed text cannot go deeper than the scan says either.
 */
static bool
is_within(struct slice text, size_t depth_max)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.base[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '[' || c == '{'))
			depth++;
		else if (!in_string && (c == ']' || c == '}') && depth > 0)
			depth--;
		if (depth > depth_max)
			return false;
	}
	return true;
}

bool
json_is_shallow(struct slice text)
{
	return is_within(text, JSON_DEPTH_MAX);
}

static json_t *
load(struct slice text, json_error_t *error)
{
	return json_loadb(text.base, text.len,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, error);
}

/* The texts are foreign, and a number that nobody here reads must not make them
 * unreadable (RFC 7519, section 4: claims that are not understood are
 * ignored). */
static json_t *
load_large_numbers(struct slice text, json_error_t *error)
{
	struct buf copy;
	json_t *json = NULL;

	buf_init(&copy, JSON_NUMBERS_SIZE(text.len));
	json_numbers_copy(&copy, text);
	if (copy.err == ERR_OK)
		json = load(buf_view(&copy), error);
	else
		error->text[0] = '\0';
	buf_wipe(&copy);
	return json;
}

enum err
json_parse(json_t **out, struct slice text)
{
	return json_parse_within(out, text, JSON_DEPTH_MAX);
}

enum err
json_parse_within(json_t **out, struct slice text, size_t depth_max)
{
	/* jansson leaves it alone when it has no memory to begin with. */
	json_error_t error = { .text = "" };
	json_t *json;

	if (text.base == NULL || !is_within(text, depth_max))
		return ERR_SYNTAX;
	json = load(text, &error);
	if (json == NULL &&
	    json_error_code(&error) == json_error_numeric_overflow)
		json = load_large_numbers(text, &error);
	if (json == NULL &&
	    (error.text[0] == '\0' ||
		json_error_code(&error) == json_error_out_of_memory))
		return ERR_NOMEM;
	if (json == NULL)
		return ERR_SYNTAX;
	*out = json;
	return ERR_OK;
}

struct slice
json_slice(const json_t *json)
{
	return (
	    struct slice){ json_string_value(json), json_string_length(json) };
}

void
json_wipe(json_t *json)
{
	if (json_is_string(json))
		explicit_bzero((char *)(uintptr_t)json_string_value(json),
		    json_string_length(json));
	for (size_t i = 0; i < json_array_size(json); i++)
		json_wipe(json_array_get(json, i));
	for (void *at = json_object_iter(json); at != NULL;
	     at = json_object_iter_next(json, at))
		json_wipe(json_object_iter_value(at));
}

static int
add_bytes(const char *bytes, size_t len, void *out)
{
	struct buf *b = out;

	buf_add(b, bytes, len);
	return b->err == ERR_OK ? 0 : -1;
}

enum err
json_write(struct buf *out, const json_t *json)
{
	if (json_dump_callback(
		json, add_bytes, out, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
		return out->err != ERR_OK ? out->err : ERR_NOMEM;
	return out->err;
}

void
json_write_text(struct buf *out, struct slice text)
{
	buf_byte(out, '"');
	for (size_t i = 0, run = 0; i <= text.len; i++) {
		const unsigned char c =
		    i < text.len ? (unsigned char)text.base[i] : '\0';

		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		buf_add(out, text.base + run, i - run);
		run = i + 1;
		if (i == text.len)
			break;
		if (c < ' ')
			buf_printf(out, "\\u%04x", c);
		else
			buf_printf(out, "\\%c", c);
	}
	buf_byte(out, '"');
}
