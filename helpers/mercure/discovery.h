/* SPDX-License-Identifier: MIT */
/* discovery.h - URLs and Link headers of the hub (draft 7, "Discovery"). */
#ifndef MERCURE_DISCOVERY_H
#define MERCURE_DISCOVERY_H

#include "base/buf.h"
#include "base/slice.h"
#include "mercure/dialect.h"

#define DISCOVERY_PATH "/.well-known/mercure"

/* Add the hub's URL with a parameter for each selector and, unless base NULL,
 * one for the last event id, by their names in `d`; values percent-encoded. */
void discovery_url(struct buf *out, const struct dialect *d,
    struct slice hub_url, const struct selector *selectors, size_t n,
    struct slice last_event_id);

/* Add `<URL>; rel="mercure"` and, unless base NULL,
 * `; last-event-id="ID"` or what `d` calls it: the value of a Link header. */
void discovery_link(struct buf *out, const struct dialect *d,
    struct slice hub_url, struct slice last_event_id);

#endif
