/* SPDX-License-Identifier: MIT */
/* percent.c - percent-encoding of one URL component. */
#include "text/percent.h"

/* Which sets a character is in, as bits.  The sets build on each other:
 * userinfo holds path, and path and special-query hold query. */
enum {
	FRAGMENT = 1 << PERCENT_FRAGMENT,
	SPECIAL_QUERY = 1 << PERCENT_SPECIAL_QUERY,
	USERINFO = 1 << PERCENT_USERINFO,
	PATH = 1 << PERCENT_PATH | USERINFO,
	QUERY = 1 << PERCENT_QUERY | SPECIAL_QUERY | PATH,
};

static const unsigned char members[0x80] = {
	[' '] = QUERY | FRAGMENT,
	['"'] = QUERY | FRAGMENT,
	['#'] = QUERY,
	['\''] = SPECIAL_QUERY,
	['/'] = USERINFO,
	[':'] = USERINFO,
	[';'] = USERINFO,
	['<'] = QUERY | FRAGMENT,
	['='] = USERINFO,
	['>'] = QUERY | FRAGMENT,
	['?'] = PATH,
	['@'] = USERINFO,
	['['] = USERINFO,
	['\\'] = USERINFO,
	[']'] = USERINFO,
	['^'] = PATH,
	['`'] = PATH | FRAGMENT,
	['{'] = PATH,
	['|'] = USERINFO,
	['}'] = PATH,
};

bool
percent_is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

static bool
is_member(char c, enum percent_set set)
{
	unsigned char byte = (unsigned char)c;

	return byte < 0x20 || byte >= 0x7f || (members[byte] >> set & 1) != 0;
}

/* Add the first byte of *s as %XX, and take it off. */
static void
encode_first(struct buf *out, struct slice *s)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char c = (unsigned char)s->base[0];
	const char triple[] = { '%', hex[c >> 4], hex[c & 15] };

	buf_add(out, triple, sizeof(triple));
	*s = slice_after(*s, 1);
}

void
percent_encode(struct buf *out, struct slice s)
{
	size_t run;

	while (s.len > 0) {
		for (run = 0;
		     run < s.len && percent_is_unreserved(s.base[run]);)
			run++;
		buf_add(out, s.base, run);
		s = slice_after(s, run);
		if (s.len > 0)
			encode_first(out, &s);
	}
}

void
percent_encode_set(struct buf *out, struct slice s, enum percent_set set)
{
	size_t run;

	while (s.len > 0) {
		for (run = 0; run < s.len && !is_member(s.base[run], set);)
			run++;
		buf_add(out, s.base, run);
		s = slice_after(s, run);
		if (s.len > 0)
			encode_first(out, &s);
	}
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
percent_byte(struct slice s)
{
	int high, low;

	if (s.len < 3 || s.base[0] != '%')
		return -1;
	high = hex_value(s.base[1]);
	low = hex_value(s.base[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void
percent_decode(struct buf *out, struct slice s)
{
	const char *stop;
	size_t run;
	int byte;

	while (s.len > 0) {
		stop = memchr(s.base, '%', s.len);
		run = stop != NULL ? (size_t)(stop - s.base) : s.len;
		buf_add(out, s.base, run);
		s = slice_after(s, run);
		if (s.len == 0)
			break;
		byte = percent_byte(s);
		buf_byte(out, byte >= 0 ? (char)byte : '%');
		s = slice_after(s, byte >= 0 ? 3 : 1);
	}
}
