/* SPDX-License-Identifier: MIT */
/* bench_ledger.h - what was published and acknowledged, shared by processes. */
#ifndef BENCH_LEDGER_H
#define BENCH_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* A lane is one publisher that waits for each answer, so its updates of one
 * topic, numbered from 1, are in order. */
#define LEDGER_NUMBERS 262144

struct ledger_cell {
	_Atomic uint32_t sent;  /* the last number tried */
	_Atomic uint32_t acked; /* the last number acknowledged */
	_Atomic uint8_t bits[LEDGER_NUMBERS / 8]; /* acknowledged or not */
};

struct ledger {
	uint32_t lanes, topics;
	struct ledger_cell *cells;
};

/* Memory that child processes share; false: none. */
bool ledger_open(struct ledger *l, uint32_t lanes, uint32_t topics);

struct ledger_cell *ledger_cell(
    const struct ledger *l, uint32_t lane, uint32_t topic);

void ledger_ack(struct ledger_cell *c, uint32_t number);
bool ledger_acked(const struct ledger_cell *c, uint32_t number);

/* What an update's data says about itself. */
struct stamp {
	uint32_t lane, topic, number;
	uint64_t sent_ns; /* bench_now_ns() */
};

#define STAMP_SIZE 64 /* its text with the NUL */

void stamp_write(char out[STAMP_SIZE], const struct stamp *s);
bool stamp_read(struct stamp *out, struct slice text);

uint64_t bench_now_ns(void);

#endif
