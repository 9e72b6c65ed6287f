/* SPDX-License-Identifier: MIT */
/* owner.c - gives a process the number that its rows bear. */
#include <sys/random.h>

#include "queue/queue.h"

enum err
queue_new_owner(uint64_t *out)
{
	uint64_t n;

	if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
		return ERR_IO;
	*out = (n >> (64 - QUEUE_OWNER_BITS)) | 1;
	return ERR_OK;
}
