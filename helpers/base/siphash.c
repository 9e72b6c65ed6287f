/* SPDX-License-Identifier: MIT */
/* siphash.c - SipHash (Aumasson, Bernstein), one round a word, three last. */
#include "base/siphash.h"

#include "base/random.h"

#define WORD 8

void
siphash_key_random(struct siphash_key *key)
{
	random_bytes(key, sizeof(*key));
}

static inline uint64_t
rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline void
mix(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static inline void
mix_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v);
	v[0] ^= word;
}

void
siphash_start(struct siphash *s, const struct siphash_key *key)
{
	s->v[0] = key->k[0] ^ UINT64_C(0x736f6d6570736575);
	s->v[1] = key->k[1] ^ UINT64_C(0x646f72616e646f6d);
	s->v[2] = key->k[0] ^ UINT64_C(0x6c7967656e657261);
	s->v[3] = key->k[1] ^ UINT64_C(0x7465646279746573);
	s->tail = 0;
	s->len = 0;
}

static inline void
add_byte(struct siphash *s, uint8_t byte)
{
	s->tail |= (uint64_t)byte << s->len % WORD * 8;
	if (++s->len % WORD != 0)
		return;
	mix_word(s->v, s->tail);
	s->tail = 0;
}

void
siphash_add(struct siphash *s, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		add_byte(s, (uint8_t)bytes.base[i]);
}

uint64_t
siphash_end(const struct siphash *s)
{
	uint64_t v[4] = { s->v[0], s->v[1], s->v[2], s->v[3] };

	mix_word(v, s->tail | s->len << 56);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
