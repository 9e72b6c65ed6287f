/* SPDX-License-Identifier: MIT */
/* bench_spec.h - "name=value,name=value" as the bench programs take them. */
#ifndef BENCH_SPEC_H
#define BENCH_SPEC_H

#include <stdint.h>

#include "base/slice.h"

/* base NULL: not there. */
struct slice spec_text(struct slice spec, const char *name);

uint64_t spec_number(struct slice spec, const char *name, uint64_t otherwise);

/* "A-B" or "A"; from 0 if it is not there. */
void spec_range(
    struct slice spec, const char *name, uint32_t *from, uint32_t *to);

#endif
