/* SPDX-License-Identifier: MIT */
/* clock.h - the two clocks: one that never jumps, one that people read. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void); /* since some point in the past */
int64_t clock_real_ms(void); /* since 1970-01-01 UTC */

#endif
