/* SPDX-License-Identifier: MIT */
/* log_line.c - writes an event and its pairs as one printable line. */
#include "base/log_line.h"

#include <inttypes.h>
#include <stdio.h>

/* The longest end of a cut value. */
#define CUT_MAX (sizeof("...\"") - 1)

static void
append(struct log_line *line, const char *bytes, size_t n)
{
	memcpy(line->text + line->len, bytes, n);
	line->len += n;
}

void
log_line_add(struct log_line *line, const char *text)
{
	append(line, text, strlen(text));
}

/* Append all of them, or none if they do not fit. */
static bool
append_below(struct log_line *line, size_t max, const char *bytes, size_t n)
{
	if (line->len + n > max)
		return false;
	append(line, bytes, n);
	return true;
}

/* An escape is never cut in two.  False if the text was cut. */
static bool
append_escaped(struct log_line *line, size_t max, struct slice text)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < text.len; i++) {
		const unsigned char c = (unsigned char)text.base[i];
		const char byte[] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
		bool fits;

		if (c == '"')
			fits = append_below(line, max, "\\\"", 2);
		else if (c < 0x20 || c > 0x7e || c == '\\')
			fits = append_below(line, max, byte, sizeof(byte));
		else
			fits = append_below(line, max, text.base + i, 1);
		if (!fits)
			return false;
	}
	return true;
}

static bool
is_bare(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.base[i] == ' ' || text.base[i] == '"')
			return false;
	return text.len > 0;
}

static bool
append_value(struct log_line *line, size_t max, struct slice text)
{
	const bool quoted = !is_bare(text);
	bool fits = !quoted || append_below(line, max, "\"", 1);

	if (!fits)
		return false;
	fits = append_escaped(line, max, text);
	if (!fits)
		log_line_add(line, "...");
	if (quoted)
		log_line_add(line, "\"");
	return fits;
}

/* False if the line is full; it ends in "..." then. */
static bool
append_pair(struct log_line *line, size_t max, const struct log_pair *pair)
{
	char digits[24];
	struct slice value = pair->text;

	if (pair->is_number) {
		snprintf(digits, sizeof(digits), "%" PRIu64, pair->number);
		value = slice_of(digits);
	}
	if (line->len + strlen(pair->key) + 3 > max) {
		log_line_add(line, "...");
		return false;
	}
	log_line_add(line, " ");
	log_line_add(line, pair->key);
	log_line_add(line, "=");
	return append_value(line, max, value);
}

void
log_line_event(struct log_line *line, size_t max, const char *event,
    const struct log_pair *pairs)
{
	max -= CUT_MAX;
	if (!append_below(line, max, event, strlen(event)))
		append(line, event, max - line->len);
	while (pairs->key != NULL && append_pair(line, max, pairs))
		pairs++;
}
