/* SPDX-License-Identifier: MIT */
/* digits.c - reads decimal numbers without overflow. */
#include "text/digits.h"

/* *out is `max` from where the number is greater. */
static bool
parse(uint64_t *out, bool *is_greater, struct slice text, uint64_t max)
{
	uint64_t n = 0;

	*is_greater = false;
	for (size_t i = 0; i < text.len; i++) {
		const unsigned digit = (unsigned)(text.base[i] - '0');

		if (digit > 9)
			return false;
		*is_greater |= digit > max || n > (max - digit) / 10;
		n = *is_greater ? max : n * 10 + digit;
	}
	*out = n;
	return text.len > 0;
}

bool
digits_parse(uint64_t *out, struct slice text, uint64_t max)
{
	uint64_t n;
	bool is_greater;

	if (!parse(&n, &is_greater, text, max) || is_greater)
		return false;
	*out = n;
	return true;
}

bool
digits_parse_at_most(uint64_t *out, struct slice text, uint64_t max)
{
	uint64_t n;
	bool is_greater;

	if (!parse(&n, &is_greater, text, max))
		return false;
	*out = n;
	return true;
}
