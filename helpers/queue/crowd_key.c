/* SPDX-License-Identifier: MIT */
/* crowd_key.c - hashes tokens, clients and topics, so that counts hide them. */
#include "queue/crowd_key.h"

#include "base/siphash.h"

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

/* No key hashes to CROWD_NOBODY. */
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

uint64_t
crowd_key_client(struct slice client)
{
	static const uint64_t no_secret[2] = { 0, 0 };

	if (client.base == NULL)
		return CROWD_NOBODY;
	if (client.len == 0 || slice_is(client, "unknown"))
		return CROWD_UNKNOWN;
	return somebody(hash(no_secret, client));
}

uint64_t
crowd_key_topic(struct slice topic)
{
	static const uint64_t no_secret[2] = { 0, 0 };

	return somebody(hash(no_secret, topic));
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

uint64_t
crowd_key_hide_topic(uint64_t topic, const uint64_t secret[2])
{
	return hide(topic, 'v', secret);
}
