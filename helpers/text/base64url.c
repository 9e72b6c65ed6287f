/* SPDX-License-Identifier: MIT */
/* base64url.c - base64url without padding, strict. */
#include "text/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz"
			       "0123456789-_";

void
base64url_encode(struct buf *out, const uint8_t *bytes, size_t len)
{
	size_t tail = len % 3;
	char *to = buf_grow(out, len / 3 * 4 + (tail > 0 ? tail + 1 : 0));
	uint32_t v;

	if (to == NULL)
		return;
	for (; len >= 3; len -= 3, bytes += 3) {
		v = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 |
		    bytes[2];
		*to++ = alphabet[v >> 18];
		*to++ = alphabet[v >> 12 & 63];
		*to++ = alphabet[v >> 6 & 63];
		*to++ = alphabet[v & 63];
	}
	if (tail == 0)
		return;
	v = (uint32_t)bytes[0] << 16 |
	    (tail == 2 ? (uint32_t)bytes[1] << 8 : 0);
	*to++ = alphabet[v >> 18];
	*to++ = alphabet[v >> 12 & 63];
	if (tail == 2)
		*to++ = alphabet[v >> 6 & 63];
}

/* One more than the value of each character, so that 0 means foreign. */
/* clang-format off */
static const uint8_t values[256] = {
	['A'] =  1, ['B'] =  2, ['C'] =  3, ['D'] =  4, ['E'] =  5,
	['F'] =  6, ['G'] =  7, ['H'] =  8, ['I'] =  9, ['J'] = 10,
	['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15,
	['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20,
	['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25,
	['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
	['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
	['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45,
	['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50,
	['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55,
	['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
	['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};
/* clang-format on */

static uint32_t
value_at(struct slice text, size_t i)
{
	return values[(unsigned char)text.base[i]] - 1u;
}

static bool
is_strict(struct slice text)
{
	size_t tail = text.len % 4;

	for (size_t i = 0; i < text.len; i++)
		if (values[(unsigned char)text.base[i]] == 0)
			return false;
	/* The last character's unused bits: two texts for the same bytes
	 * would make a token malleable. */
	if (tail == 2)
		return (value_at(text, text.len - 1) & 15) == 0;
	if (tail == 3)
		return (value_at(text, text.len - 1) & 3) == 0;
	return tail == 0;
}

enum err
base64url_decode(struct buf *out, struct slice text)
{
	size_t tail = text.len % 4, i;
	uint8_t *to;
	uint32_t v;

	if (!is_strict(text))
		return ERR_SYNTAX;
	to = buf_grow(out, text.len / 4 * 3 + (tail > 0 ? tail - 1 : 0));
	if (to == NULL)
		return out->err;

	for (i = 0; text.len - i >= 4; i += 4) {
		v = value_at(text, i) << 18 | value_at(text, i + 1) << 12 |
		    value_at(text, i + 2) << 6 | value_at(text, i + 3);
		*to++ = (uint8_t)(v >> 16);
		*to++ = (uint8_t)(v >> 8);
		*to++ = (uint8_t)v;
	}
	if (tail == 0)
		return ERR_OK;
	v = value_at(text, i) << 18 | value_at(text, i + 1) << 12;
	*to++ = (uint8_t)(v >> 16);
	if (tail == 3) {
		v |= value_at(text, i + 2) << 6;
		*to++ = (uint8_t)(v >> 8);
	}
	return ERR_OK;
}
