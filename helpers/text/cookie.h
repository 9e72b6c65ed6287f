/* SPDX-License-Identifier: MIT */
/* cookie.h - reads a Cookie header, writes a Set-Cookie value (RFC 6265). */
#ifndef TEXT_COOKIE_H
#define TEXT_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* The value of the first cookie called `name` (quotes around it taken off),
 * borrowed from `header`; base NULL if there is none. */
struct slice cookie_find(struct slice header, struct slice name);

/* The same for each cookie of that name: *header begins behind the one that was
 * found, for the next call. */
struct slice cookie_next(struct slice *header, struct slice name);

struct cookie {
	struct slice name, value;
	/* From the root; base NULL: the browser's own.  "/" if the name begins
	 * with __Host-. */
	struct slice path;
	struct slice domain;    /* base NULL: host-only */
	struct slice same_site; /* Strict, Lax or None (which forces Secure), in
				 * any case */
	bool secure;
	int64_t max_age_s; /* < 0: a session cookie; 0: clears */
	bool partitioned;  /* CHIPS: only with same_site None */
};

/* Room for attributes is the caller's; browsers keep 4 KiB in all. */
#define COOKIE_VALUE_MAX 3584

/*
 * Add the value of a Set-Cookie header; HttpOnly always.  ERR_SYNTAX: a
 * character that RFC 6265 forbids in its place, a name that begins with
 * __Host- or __Secure- without `secure`, or `partitioned` without None.
 * ERR_LIMIT: the value is longer than COOKIE_VALUE_MAX.  Nothing is added on
 * failure.
 */
enum err cookie_write(
    struct buf *out, const struct cookie *c, struct problem *p);

#endif
