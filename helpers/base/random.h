/* SPDX-License-Identifier: MIT */
/* random.h - random bytes for keys, ids and delays. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Fill `n` bytes with what only this process knows; n <= 256.  It cannot fail:
 * Linux has these bytes from its start on, and does not cut so few of them.  A
 * sandbox that forbids getrandom(2) ends the process, since no key and no id
 * would be safe.  Any thread.
 */
void random_bytes(void *out, size_t n);

uint64_t random_uint64(void);

/* A number below `n`, which is at least 1. */
uint64_t random_below(uint64_t n);

#endif
