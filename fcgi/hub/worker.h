/* SPDX-License-Identifier: MIT */
/* worker.h - the threads that may take their time: they parse, authorize and answer. */
#ifndef HUB_WORKER_H
#define HUB_WORKER_H

#include <sys/queue.h>

#include "endpoint/endpoint.h"

struct workers;

/* Embedded in what is to be done. */
struct worker_job {
	TAILQ_ENTRY(worker_job) links;
	void (*run)(struct worker_job *j, struct context *c);
};

/* Start `n` threads.  Takes a reference to `s`; `roster` and `patterns` as of
 * context. */
enum err workers_start(struct workers **out, size_t n, struct settings *s,
    enum framing framing, struct roster *roster, struct patterns *patterns);

/* Any thread. */
void workers_submit(struct workers *w, struct worker_job *j);

/* Jobs that begin from now on see `s`; takes a reference.  Any thread. */
void workers_set_settings(struct workers *w, struct settings *s);

/* A reference to the settings in force.  Any thread. */
struct settings *workers_settings(struct workers *w);

/* Jobs not yet begun are still done; then the threads are joined.  NULL is
 * allowed. */
void workers_stop(struct workers *w);

#endif
