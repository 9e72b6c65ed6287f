/* SPDX-License-Identifier: MIT */
/* ip.c - reads, compares and writes addresses. */
#include "text/ip.h"

#include <arpa/inet.h>

#include <stdio.h>

#include "base/mem.h"
#include "text/digits.h"

#define IPV4_BITS 96 /* of the prefix that all IPv4 addresses have */
#define BITS 128
#define COUNTED_BYTES 8

static const struct ip_network ipv4 = {
	{ { [10] = 0xff, [11] = 0xff } },
	IPV4_BITS,
};

/* RFC 6052, 2.1: a translator's name for an IPv4 address in its last bytes. */
static const struct ip_network translated = {
	{ { [1] = 0x64, [2] = 0xff, [3] = 0x9b } },
	IPV4_BITS,
};

static bool
same_bits(const struct ip *a, const struct ip *b, unsigned bits)
{
	const unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a->byte, b->byte, whole) != 0)
		return false;
	return rest == 0 ||
	       (a->byte[whole] ^ b->byte[whole]) >> (8 - rest) == 0;
}

static bool
is_ipv4(const struct ip *ip)
{
	return same_bits(ip, &ipv4.base, IPV4_BITS);
}

enum err
ip_parse(struct ip *out, struct slice text)
{
	struct ip ip = ipv4.base;
	char copy[IP_TEXT_MAX];
	struct slice address = { NULL, 0 };

	slice_cut(&text, '%', &address);
	if (address.len == 0 || address.len >= sizeof(copy) ||
	    memchr(address.base, '\0', address.len) != NULL)
		return ERR_SYNTAX;
	memcpy(copy, address.base, address.len);
	copy[address.len] = '\0';
	if (inet_pton(AF_INET, copy, ip.byte + IPV4_BITS / 8) != 1 &&
	    inet_pton(AF_INET6, copy, ip.byte) != 1)
		return ERR_SYNTAX;
	*out = ip;
	return ERR_OK;
}

static void
write_ipv4(char out[IP_TEXT_MAX], const struct ip *ip)
{
	inet_ntop(AF_INET, ip->byte + IPV4_BITS / 8, out, IP_TEXT_MAX);
}

void
ip_write(char out[IP_TEXT_MAX], const struct ip *ip)
{
	if (is_ipv4(ip))
		write_ipv4(out, ip);
	else
		inet_ntop(AF_INET6, ip->byte, out, IP_TEXT_MAX);
}

void
ip_write_counted(char out[IP_TEXT_MAX], const struct ip *ip)
{
	struct ip network = { { 0 } };
	char text[INET6_ADDRSTRLEN];

	if (is_ipv4(ip) || same_bits(ip, &translated.base, translated.bits)) {
		write_ipv4(out, ip);
		return;
	}
	memcpy(network.byte, ip->byte, COUNTED_BYTES);
	inet_ntop(AF_INET6, network.byte, text, sizeof(text));
	snprintf(out, IP_TEXT_MAX, "%s/%d", text, COUNTED_BYTES * 8);
}

#define V4(a, b, c, d, n)           \
	{                           \
		{ { [10] = 0xff,    \
		    [11] = 0xff,    \
		    [12] = a,       \
		    [13] = b,       \
		    [14] = c,       \
		    [15] = d } },   \
		    IPV4_BITS + (n) \
	}
#define V6(a, b, last, n)                                  \
	{                                                  \
		{ { [0] = a, [1] = b, [15] = last } }, (n) \
	}

bool
ip_is_inner(const struct ip *ip)
{
	static const struct ip_network inner[] = {
		V4(127, 0, 0, 0, 8),
		V4(10, 0, 0, 0, 8),
		V4(172, 16, 0, 0, 12),
		V4(192, 168, 0, 0, 16),
		V4(169, 254, 0, 0, 16),
		V4(100, 64, 0, 0, 10),
		V6(0, 0, 1, 128),
		V6(0xfc, 0, 0, 7),
		V6(0xfe, 0x80, 0, 10),
	};

	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		if (ip_network_has(&inner[i], ip))
			return true;
	return false;
}

/* Digits, without a zero in front. */
static bool
read_bits(unsigned *out, struct slice text, unsigned max)
{
	uint64_t n;

	if ((text.len > 1 && text.base[0] == '0') ||
	    !digits_parse(&n, text, max))
		return false;
	*out = (unsigned)n;
	return true;
}

static bool
has_bits_behind(const struct ip *ip, unsigned bits)
{
	for (unsigned i = bits; i < BITS; i++)
		if ((ip->byte[i / 8] & 0x80 >> i % 8) != 0)
			return true;
	return false;
}

enum err
ip_network_parse(struct ip_network *out, struct slice text)
{
	struct ip_network n = { .bits = BITS };
	struct slice address = { NULL, 0 };
	unsigned bits;

	slice_cut(&text, '/', &address);
	if (address.len > 0 && memchr(address.base, '%', address.len) != NULL)
		return ERR_SYNTAX;
	if (ip_parse(&n.base, address) != ERR_OK)
		return ERR_SYNTAX;
	if (text.base != NULL) {
		bool dotted = memchr(address.base, ':', address.len) == NULL;

		if (!read_bits(&bits, text, dotted ? BITS - IPV4_BITS : BITS))
			return ERR_SYNTAX;
		n.bits = dotted ? bits + IPV4_BITS : bits;
	}
	if (has_bits_behind(&n.base, n.bits))
		return ERR_SYNTAX;
	*out = n;
	return ERR_OK;
}

bool
ip_network_has(const struct ip_network *n, const struct ip *ip)
{
	if (n->bits < IPV4_BITS && is_ipv4(ip))
		return false;
	return same_bits(&n->base, ip, n->bits);
}

/* Read the list to `out` (NULL: nowhere), and say how many there are. */
static enum err
read_list(struct ip_network *out, size_t *n, struct slice list)
{
	struct slice word;
	struct ip_network one;

	*n = 0;
	while (slice_cut(&list, ' ', &word)) {
		if (word.len == 0)
			continue;
		if (ip_network_parse(&one, word) != ERR_OK)
			return ERR_SYNTAX;
		if (*n == IP_NETWORKS_MAX)
			return ERR_LIMIT;
		if (out != NULL)
			out[*n] = one;
		++*n;
	}
	return ERR_OK;
}

enum err
ip_networks_new(struct ip_networks **out, struct slice list)
{
	struct ip_networks *l = NULL;
	size_t n;
	enum err e;

	if ((e = read_list(NULL, &n, list)) != ERR_OK)
		return e;
	if (n > 0) {
		l = mem_calloc(1, sizeof(*l) + n * sizeof(l->network[0]));
		if (l == NULL)
			return ERR_NOMEM;
		read_list(l->network, &l->n, list);
	}
	*out = l;
	return ERR_OK;
}

const char *
ip_networks_check(struct slice list)
{
	size_t n;

	switch (read_list(NULL, &n, list)) {
	case ERR_OK:
		return NULL;
	case ERR_LIMIT:
		return "must not hold more than 256 addresses and networks";
	default:
		return "must be addresses and networks, such as 192.0.2.1, "
		       "10.0.0.0/8 or 2001:db8::/32, with blanks between, "
		       "and nothing set behind the length of a network";
	}
}

bool
ip_networks_have(const struct ip_networks *list, const struct ip *ip)
{
	for (size_t i = 0; list != NULL && i < list->n; i++)
		if (ip_network_has(&list->network[i], ip))
			return true;
	return false;
}
