/* SPDX-License-Identifier: MIT */
/* siphash.h - SipHash-1-3: strangers cannot choose texts with equal hashes. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stdint.h>

#include "base/slice.h"

/* A secret of the table; the same text has another hash under another key. */
struct siphash_key {
	uint64_t k[2];
};

/* Fill the key with random bytes. */
void siphash_key_random(struct siphash_key *key);

/*
 * The state of a hash; the struct may be copied.  siphash_end() returns the
 * hash of all bytes so far and changes nothing, so that each beginning of a
 * text can be hashed while the text is added.
 */
struct siphash {
	uint64_t v[4];
	uint64_t tail; /* the bytes of the word that is not full */
	uint64_t len;
};

void siphash_start(struct siphash *s, const struct siphash_key *key);
void siphash_add(struct siphash *s, struct slice bytes);
uint64_t siphash_end(const struct siphash *s);

#endif
