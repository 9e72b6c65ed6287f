/* SPDX-License-Identifier: MIT */
/* signals.h - a subcommand that runs until a signal ends it. */
#ifndef CMD_SIGNALS_H
#define CMD_SIGNALS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

struct queue;
struct cmd_signals;

/*
 * From now on SIGINT and SIGTERM do not end the process, but are noted by a
 * thread, and poke `q` (NULL: nobody waits there).  Signals that are ignored
 * stay so.  End it with cmd_signals_free(), before the queue is closed.
 * ERR_NOMEM.
 */
enum err cmd_signals_new(
    struct cmd_signals **out, struct queue *q, struct problem *p);

/* Set once one has come; any thread. */
const _Atomic bool *cmd_signals_stop(const struct cmd_signals *s);

/* Sleep, but not beyond a signal. */
void cmd_signals_sleep(struct cmd_signals *s, unsigned ms);

/* Signals end the process again.  NULL is allowed. */
void cmd_signals_free(struct cmd_signals *s);

#endif
