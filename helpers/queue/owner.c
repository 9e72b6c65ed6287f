/* SPDX-License-Identifier: MIT */
/* owner.c - gives a process the number that its rows bear. */
#include "base/random.h"
#include "queue/queue.h"

uint64_t
queue_new_owner(void)
{
	return random_uint64() >> (64 - QUEUE_OWNER_BITS) | 1;
}
