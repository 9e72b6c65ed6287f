/* SPDX-License-Identifier: MIT */
/* follow_wait.c - how long to wait between two streams of a hub. */
#include "cmd/follow.h"

#define WAIT_MIN_MS 100
#define WAIT_MAX_MS (60 * 1000) /* unless the hub wants more */

uint32_t
cmd_follow_wait_ms(uint32_t wanted_ms, unsigned empty)
{
	uint32_t ms = wanted_ms > WAIT_MIN_MS ? wanted_ms : WAIT_MIN_MS;

	if (ms >= WAIT_MAX_MS)
		return ms;
	for (unsigned i = 1; i < empty && ms < WAIT_MAX_MS; i++)
		ms *= 2;
	return ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
}
