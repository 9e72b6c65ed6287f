/* SPDX-License-Identifier: MIT */
/* uritemplate_oracle.h - a slow and simple matcher of URI Templates. */
#ifndef URITEMPLATE_ORACLE_H
#define URITEMPLATE_ORACLE_H

#include <stdbool.h>

#include "base/slice.h"

/* Is `template` one, with an expression?  ASCII only. */
bool uritemplate_oracle_valid(struct slice template);

/* Does the valid `template` match the whole of `topic`?  Backtracks, so time
 * is exponential: short texts only. */
bool uritemplate_oracle_matches(struct slice template, struct slice topic);

#endif
