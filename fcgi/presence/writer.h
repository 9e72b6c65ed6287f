/* SPDX-License-Identifier: MIT */
/* writer.h - the publish thread's other work: rows about subscribers. */
#ifndef PRESENCE_WRITER_H
#define PRESENCE_WRITER_H

#include "presence/extender.h"

/* Owner: the publish thread. */
struct presence_writer {
	struct queue *queue;
	struct roster *roster; /* NULL: there is nothing to do */
	int64_t tick_ms;       /* when to look for ended processes again */
	int64_t retry_ms;      /* not to write before */
	int64_t gather_ms;     /* nor, unless the roster hurries, before */
	int64_t strangers_ms;  /* nor strangers before */
	int64_t waiting_ms; /* when the log may report again that they wait */
	bool has_rules;
	struct roster_rules rules; /* in force */
	bool ends; /* rows of those who are away are checked against `rules` */
	bool failing; /* which was logged */
	bool wrote;   /* for its owner to take back */
	struct extender extender;
	int64_t notify_ms; /* when to notify readers; INT64_MAX: no need */
};

void presence_writer_init(
    struct presence_writer *w, struct queue *q, struct roster *r);

/* Write some of what waits, and do what it is time for.  Returns when to call
 * it again (clock_mono_ms()), if the roster does not change before. */
int64_t presence_writer_run(struct presence_writer *w);

/* At the end: write all that waits, unless it cannot be written; then others
 * will find this process dead. */
void presence_writer_finish(struct presence_writer *w);

#endif
