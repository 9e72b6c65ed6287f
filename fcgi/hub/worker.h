/* SPDX-License-Identifier: MIT */
/* worker.h - the threads that parse, authorize and answer requests. */
#ifndef HUB_WORKER_H
#define HUB_WORKER_H

#include <sys/queue.h>

#include "endpoint/endpoint.h"
#include "endpoint/settings_slot.h"

struct workers;

/* Embedded in the work that is to be done. */
struct worker_job {
	TAILQ_ENTRY(worker_job) links;
	void (*run)(struct worker_job *j, struct context *c);
};

/* Start `n` threads.  A job sees the settings that are in force when it begins;
 * `roster` and `patterns` as of context. */
enum err workers_start(struct workers **out, size_t n,
    struct settings_slot *settings, enum framing framing, struct roster *roster,
    struct patterns *patterns);

/* Any thread. */
void workers_submit(struct workers *w, struct worker_job *j);

/* Jobs not yet begun are still done; then the threads are joined.  NULL is
 * allowed. */
void workers_stop(struct workers *w);

#endif
