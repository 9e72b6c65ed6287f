/* SPDX-License-Identifier: MIT */
/* settings.h - configuration and keys in force, replaced as a whole on reload. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "grant.h"
#include "jws_keys.h"
#include "queue.h"

/* Immutable but for its count; any thread may read what it holds. */
struct settings {
	_Atomic unsigned refs;
	struct config *config;
	struct jws_keys *publisher_keys;  /* NULL: none is configured */
	struct jws_keys *subscriber_keys; /* likewise */
};

/* Takes over `config` on success, reads the keys that it names; one reference
 * is the caller's.  Errors as config_keys_new(), but a role may have no key. */
enum err settings_new(
    struct settings **out, struct config *config, struct fault *f);

/* May a subscriber with this grant (NULL: without a token) still be there, by
 * its key or as anonymous? */
bool settings_admit(const struct settings *s, const struct grant *g);

/* What the queue has to know of the configuration (texts are borrowed). */
struct queue_settings settings_queue(const struct config *c);

/* The hub's URL as browsers see it; without MERCURE_PUBLIC_HUB_URL its path,
 * which every page of the same origin can resolve. */
struct slice settings_hub_url(const struct settings *s);

struct settings *settings_ref(struct settings *s);
void settings_unref(struct settings *s); /* NULL is allowed */

#endif
