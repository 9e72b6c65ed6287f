/* SPDX-License-Identifier: MIT */
/* utf8.c - validates and decodes UTF-8. */
#include "base/utf8.h"

#define ASCII_MASK UINT64_C(0x8080808080808080)

/* How many of the `left` bytes at `p` are ASCII, seen eight at a time. */
static size_t
ascii_run(const char *p, size_t left)
{
	size_t n = 0;
	uint64_t word;

	while (left - n >= sizeof(word)) {
		memcpy(&word, p + n, sizeof(word));
		if ((word & ASCII_MASK) != 0)
			break;
		n += sizeof(word);
	}
	while (n < left && (unsigned char)p[n] < 0x80)
		n++;
	return n;
}

/*
 * The length of the sequence that `p` begins with (not ASCII), 0 if it is
 * none.  RFC 3629, section 4: only the second byte has a range of its own.
 */
static size_t
sequence_length(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (left < n)
		return 0;

	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool
utf8_valid(struct slice s)
{
	size_t i = 0, n;

	while (i < s.len) {
		n = ascii_run(s.base + i, s.len - i);
		if (n == 0)
			n = sequence_length(
			    (const unsigned char *)s.base + i, s.len - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

bool
utf8_next(struct slice *s, uint32_t *point)
{
	const unsigned char *p = (const unsigned char *)s->base;
	uint32_t value;
	size_t n, i;

	if (s->len == 0)
		return false;
	n = p[0] < 0x80 ? 1 : sequence_length(p, s->len);
	if (n == 0)
		return false;
	/* A lead byte of n > 1 has 7 - n bits, the others have six. */
	value = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++)
		value = value << 6 | (p[i] & 0x3fu);
	*point = value;
	*s = slice_after(*s, n);
	return true;
}

bool
utf8_has_control(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.base[i];

		if (c < 0x20 || c == 0x7f)
			return true;
	}
	return false;
}
