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
struct key_fetcher;

/* Called in the loop's thread: the settings of key_fetcher_use(), with the keys
 * as they are now.  `s` is borrowed. */
typedef void key_fetcher_renewed_fn(void *arg, struct settings *s);

/* ERR_NOMEM. */
enum err key_fetcher_new(struct key_fetcher **out, struct loop *loop,
    key_fetcher_renewed_fn *renewed, void *arg);

/* These settings are in force from now on.  ERR_NOMEM: there is no thread. */
enum err key_fetcher_use(struct key_fetcher *fr, struct settings *s);

/* Join the thread, within a second or so.  What it has posted still uses the
 * fetcher: key_fetcher_free() comes after the loop has opened it.  NULL is
 * allowed for both. */
void key_fetcher_stop(struct key_fetcher *fr);
void key_fetcher_free(struct key_fetcher *fr);

#endif
