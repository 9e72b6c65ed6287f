/* SPDX-License-Identifier: MIT */
/* publish_thread.h - the publish thread: commits what is parked, in groups, and who comes and goes. */
#ifndef HUB_PUBLISH_THREAD_H
#define HUB_PUBLISH_THREAD_H

#include <sys/queue.h>

#include "mercure/update.h"
#include "presence/roster.h"
#include "queue/queue.h"
#include "wire/loop.h"

struct commit;

/* Embedded in a parked publish.  `mail` is posted to the loop once `result`
 * is known; until then the update must live. */
struct commit_entry {
	STAILQ_ENTRY(commit_entry) links;
	struct loop_mail mail;
	const struct update_box *update;
	enum err result;
};

struct commit_limits {
	size_t entries_max, bytes_max;
};

/* Open the queue for writing, creating it, and start the thread.  `roster`
 * (NULL: none) is what it also writes, and must live longer.  Errors as of
 * queue_open(). */
enum err commit_start(struct commit **out, const struct queue_settings *s,
    const struct commit_limits *limits, struct loop *loop,
    struct roster *roster, struct problem *p);

/* Park one publish.  ERR_LIMIT: too many or too large ones wait already; no
 * mail comes then.  Any thread. */
enum err commit_submit(struct commit *c, struct commit_entry *e);

/* What is parked, and what the roster holds, is committed first; then the thread is joined.  NULL is
 * allowed. */
void commit_stop(struct commit *c);

#endif
