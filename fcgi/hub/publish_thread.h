/* SPDX-License-Identifier: MIT */
/* publish_thread.h - commits publishes in groups, and the roster's changes. */
#ifndef HUB_PUBLISH_THREAD_H
#define HUB_PUBLISH_THREAD_H

#include <sys/queue.h>

#include "mercure/update.h"
#include "presence/roster.h"
#include "queue/queue.h"
#include "wire/loop.h"

struct publish_thread;

/* Embedded in what a publish belongs to.  `mail` is posted to the loop once
 * `result` is known; until then the update must live. */
struct pending_publish {
	STAILQ_ENTRY(pending_publish) links;
	struct loop_mail mail;
	const struct update_box *update;
	enum err result;
};

struct pending_limits {
	size_t entries_max, bytes_max;
};

/* Open the queue for writing, creating it, and start the thread.  It also
 * writes the changes of `roster` (NULL: none), which must live longer.  Errors
 * as of queue_open(). */
enum err publish_thread_start(struct publish_thread **out,
    const struct queue_settings *s, const struct pending_limits *limits,
    struct loop *loop, struct roster *roster, struct problem *p);

/* Add one publish.  ERR_LIMIT: too many or too large ones are pending already;
 * then no mail comes.  Any thread. */
enum err publish_thread_submit(
    struct publish_thread *t, struct pending_publish *e);

/* Commit what is pending and what has changed in the roster, then join the
 * thread.  NULL is allowed. */
void publish_thread_stop(struct publish_thread *t);

#endif
