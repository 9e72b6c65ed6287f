/* SPDX-License-Identifier: MIT */
/* address.c - IPv4 and IPv6 addresses as URLs spell them. */
#include "url/address.h"

#include <string.h>

#define IPV4_PARTS 4

/* Above any address, so that longer numbers need no room. */
#define NUMBER_HUGE (UINT64_C(1) << 32)

static unsigned
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "IPv4 number parser"; NUMBER_HUGE is all that is as large or larger. */
static enum err
parse_number(uint64_t *out, struct slice s)
{
	unsigned radix = 10;
	uint64_t n = 0;

	if (s.len == 0)
		return ERR_SYNTAX;
	if (slice_starts(s, "0x") || slice_starts(s, "0X")) {
		radix = 16;
		s = slice_after(s, 2);
	} else if (s.len > 1 && s.base[0] == '0') {
		radix = 8;
		s = slice_after(s, 1);
	}
	for (; s.len > 0; s = slice_after(s, 1)) {
		unsigned digit = digit_value(s.base[0]);

		if (digit >= radix)
			return ERR_SYNTAX;
		n = n * radix + digit;
		if (n > NUMBER_HUGE)
			n = NUMBER_HUGE;
	}
	*out = n;
	return ERR_OK;
}

/* `s` without the empty label of the root behind it. */
static struct slice
without_root(struct slice s)
{
	if (s.len > 1 && s.base[s.len - 1] == '.')
		s.len--;
	return s;
}

bool
url_address_ends_in_number(struct slice domain)
{
	struct slice s = without_root(domain);
	const char *dot = memrchr(s.base, '.', s.len);
	uint64_t number;
	size_t i;

	if (dot != NULL)
		s = slice_after(s, (size_t)(dot - s.base) + 1);
	for (i = 0; i < s.len && is_digit(s.base[i]);)
		i++;
	/* "09" is not an octal number, but counts as a number here. */
	return (s.len > 0 && i == s.len) || parse_number(&number, s) == ERR_OK;
}

enum err
url_address_parse_ipv4(uint32_t *address, struct slice text)
{
	struct slice rest = without_root(text), part;
	uint64_t number = 0, sum = 0;
	int n = 0;

	while (slice_cut(&rest, '.', &part)) {
		if (n++ == IPV4_PARTS || number > 255 ||
		    parse_number(&number, part) != ERR_OK)
			return ERR_SYNTAX;
		if (rest.base != NULL)
			sum |= number << (8 * (IPV4_PARTS - n));
	}
	if (number >= UINT64_C(1) << (8 * (IPV4_PARTS + 1 - n)))
		return ERR_SYNTAX;
	*address = (uint32_t)(sum | number);
	return ERR_OK;
}

void
url_address_add_ipv4(struct buf *out, uint32_t address)
{
	buf_printf(out, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
	    address >> 8 & 255, address & 255);
}

/* An IPv6 address that is being read. */
struct ipv6 {
	uint16_t piece[URL_IPV6_PIECES];
	size_t n;   /* pieces read */
	size_t gap; /* where "::" stands */
	bool has_gap;
};

/* The four decimal numbers that may end an address, as two pieces. */
static enum err
read_ipv4_end(struct ipv6 *a, struct slice s)
{
	struct slice part;
	uint16_t *piece;
	size_t n = 0;

	if (a->n > URL_IPV6_PIECES - 2)
		return ERR_SYNTAX;
	while (slice_cut(&s, '.', &part)) {
		unsigned value = 0;

		if (n == IPV4_PARTS || part.len == 0 || part.len > 3 ||
		    (part.len > 1 && part.base[0] == '0'))
			return ERR_SYNTAX;
		for (; part.len > 0; part = slice_after(part, 1)) {
			if (!is_digit(part.base[0]))
				return ERR_SYNTAX;
			value = value * 10 + digit_value(part.base[0]);
		}
		if (value > 255)
			return ERR_SYNTAX;
		piece = &a->piece[a->n + n++ / 2];
		*piece = (uint16_t)(*piece * 256u + value);
	}
	if (n != IPV4_PARTS)
		return ERR_SYNTAX;
	a->n += 2;
	return ERR_OK;
}

/* Read the next piece, or all that is left, off *s, with a colon behind it
 * if something follows that. */
static enum err
read_piece(struct ipv6 *a, struct slice *s)
{
	unsigned value = 0;
	size_t n;

	for (n = 0; n < s->len && n < 4 && digit_value(s->base[n]) < 16; n++)
		value = value * 16 + digit_value(s->base[n]);
	if (n < s->len && s->base[n] == '.') {
		enum err e = read_ipv4_end(a, *s);

		*s = slice_after(*s, s->len);
		return e;
	}
	/* A single colon never ends an address; "::" is read as its own. */
	if (n == 0 || (n < s->len && s->base[n] != ':') || n + 1 == s->len)
		return ERR_SYNTAX;
	a->piece[a->n++] = (uint16_t)value;
	*s = slice_after(*s, n < s->len ? n + 1 : n);
	return ERR_OK;
}

/* Move the pieces behind the gap to the end. */
static void
fill_gap(struct ipv6 *a)
{
	size_t behind = a->n - a->gap;
	size_t to = URL_IPV6_PIECES - behind;

	memmove(a->piece + to, a->piece + a->gap, behind * sizeof(*a->piece));
	memset(a->piece + a->gap, 0, (to - a->gap) * sizeof(*a->piece));
}

enum err
url_address_parse_ipv6(uint16_t piece[URL_IPV6_PIECES], struct slice text)
{
	struct ipv6 a = { .n = 0 };
	struct slice s = text;
	enum err e;

	if (slice_starts(s, ":")) {
		if (!slice_starts(s, "::"))
			return ERR_SYNTAX;
		s = slice_after(s, 1);
	}
	while (s.len > 0) {
		if (a.n == URL_IPV6_PIECES)
			return ERR_SYNTAX;
		if (s.base[0] != ':') {
			if ((e = read_piece(&a, &s)) != ERR_OK)
				return e;
			continue;
		}
		if (a.has_gap)
			return ERR_SYNTAX;
		a.has_gap = true;
		a.gap = ++a.n; /* it stands for one piece at least */
		s = slice_after(s, 1);
	}
	if (!a.has_gap && a.n < URL_IPV6_PIECES)
		return ERR_SYNTAX;
	if (a.has_gap)
		fill_gap(&a);
	memcpy(piece, a.piece, sizeof(a.piece));
	return ERR_OK;
}

/* Find the first of the longest runs of two or more zeros; *len is 0 if
 * there is none. */
static void
find_zeros(const uint16_t piece[URL_IPV6_PIECES], size_t *at, size_t *len)
{
	size_t run = 0;

	*at = 0;
	*len = 0;
	for (size_t i = 0; i < URL_IPV6_PIECES; i++) {
		run = piece[i] == 0 ? run + 1 : 0;
		if (run > 1 && run > *len) {
			*len = run;
			*at = i + 1 - run;
		}
	}
}

void
url_address_add_ipv6(struct buf *out, const uint16_t piece[URL_IPV6_PIECES])
{
	size_t gap, gap_len, i = 0;

	find_zeros(piece, &gap, &gap_len);
	while (i < URL_IPV6_PIECES) {
		if (gap_len > 0 && i == gap) {
			buf_text(out, "::");
			i += gap_len;
			continue;
		}
		if (i > 0 && (gap_len == 0 || i != gap + gap_len))
			buf_byte(out, ':');
		buf_printf(out, "%x", (unsigned)piece[i]);
		i++;
	}
}
