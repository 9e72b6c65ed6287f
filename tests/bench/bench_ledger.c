/* SPDX-License-Identifier: MIT */
/* bench_ledger.c - one shared mapping, one cell for each lane and topic. */
#include "bench_ledger.h"

#include <sys/mman.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

bool
ledger_open(struct ledger *l, uint32_t lanes, uint32_t topics)
{
	size_t size = (size_t)lanes * topics * sizeof(struct ledger_cell);
	void *p = mmap(NULL, size > 0 ? size : 1, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return false;
	*l = (struct ledger){ lanes, topics, p };
	return true;
}

struct ledger_cell *
ledger_cell(const struct ledger *l, uint32_t lane, uint32_t topic)
{
	return &l->cells[(size_t)lane * l->topics + topic];
}

void
ledger_ack(struct ledger_cell *c, uint32_t number)
{
	atomic_fetch_or(&c->bits[number / 8], (uint8_t)(1u << number % 8));
	atomic_store(&c->acked, number);
}

bool
ledger_acked(const struct ledger_cell *c, uint32_t number)
{
	return (atomic_load(&c->bits[number / 8]) >> number % 8 & 1) != 0;
}

void
stamp_write(char out[STAMP_SIZE], const struct stamp *s)
{
	snprintf(out, STAMP_SIZE,
	    "%" PRIu32 ".%" PRIu32 ".%" PRIu32 ".%" PRIu64 ".", s->lane,
	    s->topic, s->number, s->sent_ns);
}

bool
stamp_read(struct stamp *out, struct slice text)
{
	uint64_t part[4] = { 0 };
	int i = 0;
	size_t at;

	for (at = 0; at < text.len && i < 4; at++) {
		char c = text.base[at];

		if (c == '.')
			i++;
		else if (c >= '0' && c <= '9')
			part[i] = part[i] * 10 + (uint64_t)(c - '0');
		else
			return false;
	}
	if (i < 4)
		return false;
	*out = (struct stamp){ (uint32_t)part[0], (uint32_t)part[1],
		(uint32_t)part[2], part[3] };
	return true;
}

uint64_t
bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
