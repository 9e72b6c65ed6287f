/* SPDX-License-Identifier: MIT */
/* key_fetcher.h - the thread that keeps fetched keys fresh. */
#ifndef HUB_KEY_FETCHER_H
#define HUB_KEY_FETCHER_H

#include "endpoint/settings_slot.h"
#include "wire/loop.h"

/*
 * Once a second it looks into the queue whether there are other keys, and
 * whether it is time to fetch some (key_sets.h).  It puts settings with the
 * other keys in force itself, unless a reload has put other ones in force
 * meanwhile; then it compares again.  There is no thread before some settings
 * have keys at a URL.  Owner: loop thread.
 */
struct key_fetcher;

/* Called in the loop's thread when settings with other keys are in force. */
typedef void key_fetcher_changed_fn(void *arg);

/* ERR_NOMEM. */
enum err key_fetcher_new(struct key_fetcher **out, struct loop *loop,
    struct settings_slot *settings, key_fetcher_changed_fn *changed, void *arg);

/* Start the thread if these settings need it and it does not run yet.
 * ERR_NOMEM: it cannot be started. */
enum err key_fetcher_use(struct key_fetcher *fr, const struct settings *s);

/* Join the thread, within a second or so.  What it has posted still uses the
 * fetcher: key_fetcher_free() comes after the loop has opened it.  NULL is
 * allowed for both. */
void key_fetcher_stop(struct key_fetcher *fr);
void key_fetcher_free(struct key_fetcher *fr);

#endif
