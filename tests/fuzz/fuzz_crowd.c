/* SPDX-License-Identifier: MIT */
/* fuzz_crowd.c - any bytes where slots are shared, and any steps with them. */
#include <stdlib.h>
#include <string.h>

#include "queue/crowd_table.h"

#define SLOTS 16
#define NOW 1700000000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As large as it says: a slot too far is caught. */
struct memory {
	struct crowd_head head;
	struct crowd_slot slots[SLOTS];
};

static bool
lives(void *arg, uint64_t owner)
{
	(void)arg;
	return owner % 2 == 0;
}

/* A seat's slot is this process's, or was overwritten by the fuzzed bytes. */
static void
use(struct crowd_table *t, struct crowd_seat *seat, const struct crowd_keys *k,
    uint8_t step)
{
	const struct crowd_limits limits = { step & 3, step >> 2 & 3,
		step >> 4 & 3 };

	switch (step >> 6) {
	case 0:
		crowd_table_check(t, k, &limits, NOW, seat);
		break;
	case 1:
		crowd_table_reserve(
		    t, seat, (uint64_t)1 << 62 | step, NOW + step);
		break;
	case 2:
		crowd_table_give_back(t, seat);
		break;
	default:
		crowd_table_leave(t, seat);
		crowd_table_sweep_for_counts(t, NOW);
		crowd_table_sweep(t);
	}
	if (crowd_table_has(t, seat) && seat->at >= t->n)
		abort();
}

static void
count_view(void *arg, uint64_t topic)
{
	(void)topic;
	++*(size_t *)arg;
}

/* A view, and whatever others made of its slot. */
static void
use_view(struct crowd_table *t, uint8_t step)
{
	const uint64_t row = (uint64_t)1 << 62 | step;
	size_t at = step, n = 0;

	if (crowd_table_add_view(t, step, NOW, &at) == ERR_OK && at >= t->n)
		abort();
	if (step % 2 == 0)
		crowd_table_reserve_view(t, at, row, NOW + step % 4);
	if (step % 3 == 0)
		crowd_table_return_views(t, row);
	crowd_table_views(t, NOW, count_view, &n);
	if (n > t->n)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory *m = calloc(1, sizeof(*m));
	const size_t bytes = size < sizeof(*m) ? size : sizeof(*m);
	struct crowd_table t = { .owner = 7, .lives = lives, .n = SLOTS };
	const struct crowd_keys k = { 1, 2 };
	struct crowd_seat seat = { 0 };

	if (m == NULL)
		return 0;
	if (bytes > 0)
		memcpy(m, data, bytes);
	t.head = &m->head;
	t.slots = m->slots;
	for (size_t i = bytes; i < size; i++) {
		const uint64_t row = (uint64_t)1 << 62 | data[i];

		if (crowd_table_resume(&t, row, &k, NOW, &seat) != ERR_OK &&
		    crowd_table_take(&t, &k, NOW, &seat) != ERR_OK)
			seat.at = data[i];
		if (seat.at < SLOTS)
			memcpy(&m->slots[seat.at], data + i / 2,
			    data[i] % 2 == 0 ? 0 : 8);
		use(&t, &seat, &k, data[i]);
		use_view(&t, data[i]);
	}
	free(m);
	return 0;
}
