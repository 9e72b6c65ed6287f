/* SPDX-License-Identifier: MIT */
/* selfcheck.h - --check: prints each problem with its fix. */
#ifndef SELFCHECK_H
#define SELFCHECK_H

#include <stdbool.h>

#include "endpoint/settings.h"

/* Print one line for each point checked; true: no problem was found. */
bool selfcheck_run(const struct settings *s);

#endif
