/* SPDX-License-Identifier: MIT */
/* key_fetcher.h - the thread that keeps fetched keys fresh, here and for all others. */
#ifndef HUB_KEY_FETCHER_H
#define HUB_KEY_FETCHER_H

#include "endpoint/settings.h"
#include "wire/loop.h"

/*
 * Once a second it looks into the queue whether there are other keys, and
 * whether it is time to fetch some (jwks.h).  There is no thread before some
 * settings have keys at a URL.  Owner: loop thread.
 */
struct fetcher;

/* Called in the loop's thread: the settings of fetcher_use(), with the keys
 * as they are now.  `s` is borrowed. */
typedef void fetcher_renewed_fn(void *arg, struct settings *s);

/* ERR_NOMEM. */
enum err fetcher_new(struct fetcher **out, struct loop *loop,
    fetcher_renewed_fn *renewed, void *arg);

/* These settings are in force from now on.  ERR_NOMEM: there is no thread. */
enum err fetcher_use(struct fetcher *fr, struct settings *s);

/* Join the thread, within a second or so.  What it has posted still uses the
 * fetcher: fetcher_free() comes after the loop has opened it.  NULL is
 * allowed for both. */
void fetcher_stop(struct fetcher *fr);
void fetcher_free(struct fetcher *fr);

#endif
