/* SPDX-License-Identifier: MIT */
/* extender.h - the publish thread's work: sessions whose streams are open. */
#ifndef PRESENCE_EXTENDER_H
#define PRESENCE_EXTENDER_H

#include "presence/roster.h"

/* The most sessions in one transaction, and the pause after one: publishes may
 * have to wait for it, and each process walks over its streams for each batch
 * of changes.  It suffices for 288,000 sessions of an hour, as they are spread
 * over a quarter of it. */
#define EXTENSIONS_MAX 32
#define EXTENSIONS_PAUSE_MS 100

/* Owner: the publish thread. */
struct extender {
	struct queue *queue;
	struct roster *roster; /* NULL: there is nothing to do */
	int64_t next_ms;       /* not to write before (clock_mono_ms()) */
	bool failing;          /* which was logged */
};

void extender_init(struct extender *x, struct queue *q, struct roster *r);

/* Extend some sessions, if there are such and it is time; *wrote is true then.
 * Returns when to call it again (clock_mono_ms()), if the roster does not
 * change before.  A failure is logged; the streams ask again. */
int64_t extender_run(struct extender *x, bool *wrote);

#endif
