/* SPDX-License-Identifier: MIT */
/* shown.c - replaces what a reader of foreign text must not meet. */
#include "text/shown.h"

void
shown_copy(char *out, size_t size, struct slice text)
{
	size_t n = 0;

	for (; n < text.len && n + 1 < size; n++) {
		const char c = text.base[n];

		if (c >= '\t' && c <= '\r')
			out[n] = ' ';
		else
			out[n] = c >= ' ' && c < 0x7f && c != '"' ? c : '?';
	}
	out[n] = '\0';
}

/* How many bytes the control character has that the text begins with; 0: it
 * begins with another one. */
static size_t
control_at(struct slice text)
{
	const unsigned char c = (unsigned char)text.base[0];

	if (c < ' ' || c == 0x7f)
		return 1;
	return c == 0xc2 && text.len > 1 && (unsigned char)text.base[1] < 0xa0
		   ? 2
		   : 0;
}

void
shown_add(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		const size_t n = control_at(slice_after(text, i));

		buf_byte(out, n > 0 ? '?' : text.base[i]);
		i += n > 0 ? n - 1 : 0;
	}
}

struct slice
shown_url(const char *url)
{
	return (struct slice){ url, strcspn(url, "?#") };
}
