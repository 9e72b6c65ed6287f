/* SPDX-License-Identifier: MIT */
/* origin.h - which origin a URL has, and how browsers write it. */
#ifndef TEXT_ORIGIN_H
#define TEXT_ORIGIN_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Scheme, host and port of an http or https URL, as they stand there:
 * borrowed from `url`.  Base NULL: it is not such a URL, has no host, or names
 * a user, whose name could pass for a host.
 */
struct slice origin_of_url(struct slice url);

/* Its host and port, without the port that the scheme has by itself; likewise
 * borrowed.  Base NULL: as of origin_of_url(). */
struct slice origin_host(struct slice url);

/* Could `text` be an Origin header: is it the origin of an http or https URL
 * and nothing more, in lower case and without the scheme's default port? */
bool origin_is_written(struct slice text);

/* Is `text`, an Origin header or cut out of a Referer, the origin of `url`,
 * which may be written in upper case or with a needless port? */
bool origin_is_of(struct slice text, struct slice url);

#endif
