/* SPDX-License-Identifier: MIT */
/* host.c - hosts of URLs: domains, addresses, opaque names. */
#include "url/host.h"

#include "text/percent.h"
#include "url/address.h"

/* The "forbidden host code points". */
static const bool forbidden[0x80] = {
	['\0'] = true,
	['\t'] = true,
	['\n'] = true,
	['\r'] = true,
	[' '] = true,
	['#'] = true,
	['/'] = true,
	[':'] = true,
	['<'] = true,
	['>'] = true,
	['?'] = true,
	['@'] = true,
	['['] = true,
	['\\'] = true,
	[']'] = true,
	['^'] = true,
	['|'] = true,
};

static bool
is_forbidden(unsigned char c)
{
	return c < 0x80 && forbidden[c];
}

/* The "forbidden domain code points". */
static bool
is_forbidden_in_domain(unsigned char c)
{
	return is_forbidden(c) || c < 0x20 || c == '%' || c == 0x7f;
}

static enum err
add_opaque(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (is_forbidden((unsigned char)text.base[i]))
			return ERR_SYNTAX;
	percent_encode_set(out, text, PERCENT_CONTROL);
	return ERR_OK;
}

static enum err
add_ipv6(struct buf *out, struct slice text)
{
	uint16_t piece[URL_IPV6_PIECES];
	enum err e;

	if (text.len < 2 || text.base[text.len - 1] != ']')
		return ERR_SYNTAX;
	text = (struct slice){ text.base + 1, text.len - 2 };
	if ((e = url_address_parse_ipv6(piece, text)) != ERR_OK)
		return e;
	buf_byte(out, '[');
	url_address_add_ipv6(out, piece);
	buf_byte(out, ']');
	return ERR_OK;
}

/*
 * An ASCII domain is in its final form once it is in lower case, also if it
 * has labels in Punycode that decode to nothing.  Others need IDNA, which
 * decides first: it may put a forbidden character and a mark together.
 */
static enum err
domain_to_ascii(char *domain, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)domain[i] >= 0x80)
			return ERR_UNSUPPORTED;
	for (size_t i = 0; i < len; i++) {
		if (is_forbidden_in_domain((unsigned char)domain[i]))
			return ERR_SYNTAX;
		if (domain[i] >= 'A' && domain[i] <= 'Z')
			domain[i] = (char)(domain[i] | 0x20);
	}
	return ERR_OK;
}

static enum err
add_domain(struct buf *out, struct slice text)
{
	size_t start = out->len;
	struct slice domain;
	uint32_t address;
	enum err e;

	if (text.len == 0)
		return ERR_SYNTAX;
	percent_decode(out, text);
	if (out->err != ERR_OK)
		return ERR_OK; /* url_write_finish() reports it */
	e = domain_to_ascii(out->base + start, out->len - start);
	if (e != ERR_OK)
		return e;
	domain = slice_after(buf_view(out), start);
	if (!url_address_ends_in_number(domain))
		return ERR_OK;
	if ((e = url_address_parse_ipv4(&address, domain)) != ERR_OK)
		return e;
	buf_truncate(out, start);
	url_address_add_ipv4(out, address);
	return ERR_OK;
}

enum err
url_host_add(struct buf *out, struct slice text, bool is_opaque)
{
	if (text.len > 0 && text.base[0] == '[')
		return add_ipv6(out, text);
	return is_opaque ? add_opaque(out, text) : add_domain(out, text);
}
