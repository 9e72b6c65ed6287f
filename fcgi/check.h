/* SPDX-License-Identifier: MIT */
/* check.h - --check: every fault named with its mend. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

#include "settings.h"

/* Print one line for each point looked at; true if all is well. */
bool check_run(const struct settings *s);

#endif
