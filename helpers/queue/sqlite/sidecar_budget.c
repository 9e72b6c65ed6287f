/* SPDX-License-Identifier: MIT */
/* sidecar_budget.c - keeps the budget that all processes share. */
#include "base/clock.h"
#include "queue/sqlite/sidecar_state.h"

/* The word may hold any number: it may be from before a restart of the machine,
 * or another user may have written it. */
static int64_t
debt(int64_t owed_us, int64_t now_us)
{
	if (owed_us <= now_us || owed_us > now_us + 2 * SIDECAR_DEBT_MAX_US)
		return 0;
	return owed_us - now_us < SIDECAR_DEBT_MAX_US ? owed_us - now_us
						      : SIDECAR_DEBT_MAX_US;
}

int64_t
sidecar_debt_us(const struct sidecar *s)
{
	return debt(atomic_load(&s->page->owed_us), clock_mono_ms() * 1000);
}

void
sidecar_owe(struct sidecar *s, int64_t us)
{
	const int64_t now_us = clock_mono_ms() * 1000;
	int64_t seen = atomic_load(&s->page->owed_us), sum;

	do {
		sum = debt(seen, now_us);
		sum = us < SIDECAR_DEBT_MAX_US - sum ? sum + us
						     : SIDECAR_DEBT_MAX_US;
	} while (!atomic_compare_exchange_weak(
	    &s->page->owed_us, &seen, now_us + sum));
}
