/* SPDX-License-Identifier: MIT */
/* random.c - random bytes of the kernel, all of them or none. */
#include "base/random.h"

#include <sys/random.h>

#include <errno.h>
#include <stdlib.h>

void
random_bytes(void *out, size_t n)
{
	ssize_t got;

	do
		got = getrandom(out, n, 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)n)
		abort();
}

uint64_t
random_uint64(void)
{
	uint64_t out;

	random_bytes(&out, sizeof(out));
	return out;
}

uint64_t
random_below(uint64_t n)
{
	return random_uint64() % n;
}
