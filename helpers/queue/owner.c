/* SPDX-License-Identifier: MIT */
/* owner.c - chooses the number that marks the rows of a process. */
#include "base/random.h"
#include "queue/queue.h"

uint64_t
queue_new_owner(void)
{
	return random_uint64() >> (64 - QUEUE_OWNER_BITS) | 1;
}
