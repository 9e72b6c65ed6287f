/* SPDX-License-Identifier: MIT */
/* counts.h - sends numbers of viewers to the streams that asked for them. */
#ifndef FANOUT_COUNTS_H
#define FANOUT_COUNTS_H

#include "fanout/count_topic.h"
#include "fanout/subscriber.h"
#include "queue/crowd_count.h"

/*
 * Once a second all topics that somebody listens to are counted, and those who
 * have another number get the new one; so many events a second at most, the
 * rest follows later.  Without listeners there is no timer.  Such events are
 * not part of the log: they have no id and are not replayed.  Owner: loop
 * thread.
 */
struct counts;

/* Count `n` topics without waiting for anything. */
typedef enum err fanout_count_fn(void *arg, struct crowd_count *v, size_t n);

/* ERR_NOMEM. */
enum err counts_new(struct counts **out, struct loop *loop,
    enum framing framing, fanout_count_fn *count, void *arg);

/* The wishes of a subscriber that is entered.  ERR_NOMEM: subscriber_forget()
 * is due. */
enum err counts_listen(struct counts *c, struct subscriber *s,
    const struct count_wish *wishes, size_t n);

/* Queue the present numbers, which were counted a moment ago at most. */
void counts_begin(struct counts *c, struct subscriber *s);

void counts_free(struct counts *c); /* no listeners; NULL is allowed */

#endif
