/* SPDX-License-Identifier: MIT */
/* json_numbers.c - rewrites numbers that the parser refuses. */
#include "text/json_numbers.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* So many characters of an integer, with its sign, are less than 2^63. */
#define INTEGER_SAFE 18

/* Instead of a number beyond the range of a double; no longer than any. */
#define REAL_MAX "1e308"

/* Is it a number that an integer of 64 bits may not hold? */
static bool
is_long_integer(struct slice number)
{
	for (size_t i = 0; i < number.len; i++)
		if (memchr(".eE", number.base[i], 3) != NULL)
			return false;
	return number.len > INTEGER_SAFE;
}

/* Add a number; one that is too large for jansson becomes the nearest real
 * number, as in JavaScript. */
static void
add_number(struct buf *out, struct slice number)
{
	const size_t start = out->len;
	double value;

	buf_slice(out, number);
	if (is_long_integer(number))
		buf_text(out, ".0");
	buf_byte(out, '\0');
	if (out->err != ERR_OK)
		return;
	value = strtod(out->base + start, NULL);
	if (isinf(value)) {
		buf_truncate(out, start);
		buf_text(out, value > 0 ? REAL_MAX : "-" REAL_MAX);
	} else
		buf_truncate(out, out->len - 1);
}

static size_t
digits_length(struct slice s)
{
	size_t n = 0;

	while (n < s.len && s.base[n] >= '0' && s.base[n] <= '9')
		n++;
	return n;
}

/* The length of what follows one of the characters `first`, with that; 0: no
 * digits do. */
static size_t
part_length(struct slice s, const char *first, bool sign)
{
	size_t n = 1, digits;

	if (s.len == 0 || memchr(first, *s.base, strlen(first)) == NULL)
		return 0;
	if (sign && s.len > 1 && (s.base[1] == '+' || s.base[1] == '-'))
		n++;
	digits = digits_length(slice_after(s, n));
	return digits > 0 ? n + digits : 0;
}

/* The length of the number that begins here (RFC 8259, section 6); 0: none
 * does. */
static size_t
number_length(struct slice s)
{
	size_t n = slice_starts(s, "-"), digits;

	digits = digits_length(slice_after(s, n));
	if (digits == 0)
		return 0;
	n += s.base[n] == '0' ? 1 : digits;
	n += part_length(slice_after(s, n), ".", false);
	return n + part_length(slice_after(s, n), "eE", true);
}

/* Where the string ends that begins at `i`, behind its quote. */
static size_t
string_end(struct slice text, size_t i)
{
	for (i++; i < text.len && text.base[i] != '"'; i++)
		i += text.base[i] == '\\';
	return i < text.len ? i + 1 : text.len;
}

void
json_numbers_copy(struct buf *out, struct slice text)
{
	size_t i = 0, n;

	while (i < text.len) {
		struct slice rest = slice_after(text, i);

		if (text.base[i] == '"') {
			n = string_end(text, i) - i;
			buf_add(out, rest.base, n);
		} else if ((n = number_length(rest)) > 0)
			add_number(out, (struct slice){ rest.base, n });
		else
			buf_add(out, rest.base, n = 1);
		i += n;
	}
}
