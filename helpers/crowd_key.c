/* SPDX-License-Identifier: MIT */
/* crowd_key.c - canonical addresses, and hashes that hide them. */
#include "crowd_key.h"

#include <arpa/inet.h>
#include <string.h>

#include "siphash.h"

static uint64_t
hash(const uint64_t secret[2], struct slice bytes)
{
	const struct siphash_key key = { { secret[0], secret[1] } };
	struct siphash h;

	siphash_start(&h, &key);
	siphash_add(&h, bytes);
	return siphash_end(&h);
}

static uint64_t
little_endian(const uint8_t *p)
{
	uint64_t word = 0;

	for (int n = 8; n > 0;)
		word = word << 8 | p[--n];
	return word;
}

/* It is somebody. */
static uint64_t
somebody(uint64_t n)
{
	return n != CROWD_NOBODY ? n : 1;
}

uint64_t
crowd_key_grant(const struct grant *g)
{
	if (g == NULL)
		return CROWD_NOBODY;
	return grant_holder(g) != 0 ? grant_holder(g)
				    : somebody(little_endian(grant_token(g)));
}

static uint64_t
big_endian(const unsigned char *p, int n)
{
	uint64_t word = 0;

	for (int i = 0; i < n; i++)
		word = word << 8 | p[i];
	return word;
}

static uint64_t
ipv4_client(const unsigned char bytes[4])
{
	return (uint64_t)0xffff << 32 | big_endian(bytes, 4);
}

static uint64_t
ipv6_client(const struct in6_addr *a)
{
	static const unsigned char mapped[12] = { [10] = 0xff, 0xff },
				   translated[12] = { 0, 0x64, 0xff, 0x9b };

	if (memcmp(a->s6_addr, mapped, sizeof(mapped)) == 0 ||
	    memcmp(a->s6_addr, translated, sizeof(translated)) == 0)
		return ipv4_client(a->s6_addr + 12);
	return somebody(big_endian(a->s6_addr, 8));
}

uint64_t
crowd_key_address(struct slice address)
{
	static const uint64_t no_secret[2] = { 0, 0 };
	char text[INET6_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;
	struct slice host = address;
	const char *zone;

	if (address.base == NULL)
		return CROWD_NOBODY;
	if (address.len == 0 || slice_is(address, "unknown"))
		return CROWD_UNKNOWN;
	if ((zone = memchr(host.base, '%', host.len)) != NULL)
		host.len = (size_t)(zone - host.base);
	if (host.len < sizeof(text)) {
		memcpy(text, host.base, host.len);
		text[host.len] = '\0';
		if (inet_pton(AF_INET, text, &four) == 1)
			return ipv4_client((const unsigned char *)&four);
		if (inet_pton(AF_INET6, text, &six) == 1)
			return ipv6_client(&six);
	}
	return somebody(hash(no_secret, address));
}

static uint64_t
hide(uint64_t key, char kind, const uint64_t secret[2])
{
	char bytes[9] = { kind };

	if (key == CROWD_NOBODY)
		return key;
	for (int i = 1; i < 9; i++, key >>= 8)
		bytes[i] = (char)(unsigned char)key;
	return somebody(hash(secret, (struct slice){ bytes, sizeof(bytes) }));
}

struct crowd_keys
crowd_key_hide(const struct crowd_keys *k, const uint64_t secret[2])
{
	return (struct crowd_keys){ hide(k->token, 't', secret),
		hide(k->address, 'a', secret) };
}
