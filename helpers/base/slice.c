/* SPDX-License-Identifier: MIT */
/* slice.c - cuts and trims borrowed bytes. */
#include "base/slice.h"

bool
slice_cut(struct slice *rest, char stop, struct slice *part)
{
	const char *end;
	size_t n;

	if (rest->base == NULL)
		return false;

	end = memchr(rest->base, stop, rest->len);
	if (end == NULL) {
		*part = *rest;
		*rest = (struct slice){ NULL, 0 };
		return true;
	}
	n = (size_t)(end - rest->base);
	*part = (struct slice){ rest->base, n };
	*rest = slice_after(*rest, n + 1);
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct slice
slice_trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.base[0]))
		s = slice_after(s, 1);
	while (s.len > 0 && is_blank(s.base[s.len - 1]))
		s.len--;
	return s;
}
