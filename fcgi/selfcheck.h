/* SPDX-License-Identifier: MIT */
/* selfcheck.h - --check: prints each problem with its fix. */
#ifndef SELFCHECK_H
#define SELFCHECK_H

#include <stdbool.h>

#include "endpoint/settings.h"

/* Become this user, with its groups, for good: before anything is opened.
 * ERR_DENIED: this process is not root's, and the user is another one.
 * ERR_NOTFOUND: there is no such user.  ERR_IO. */
enum err selfcheck_become(const char *name, struct problem *p);

/*
 * Print one line for each point checked; true: no problem was found.
 * `was_root`: the process has read the configuration as root; now it is the
 * user that queue_take_identity() chose.  Then it is read once more.
 */
bool selfcheck_run(const struct settings *s,
    const struct config_sources *sources, bool was_root);

#endif
