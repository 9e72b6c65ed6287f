/* SPDX-License-Identifier: MIT */
/* counted.h - for whom a stream counts, and how many streams that one may have. */
#ifndef COUNTED_H
#define COUNTED_H

#include "request.h"
#include "settings.h"

struct counted {
	char text[IP_TEXT_MAX]; /* whom: the same for all streams of a client */
	uint64_t max;           /* MERCURE_MAX_CONNECTIONS_PER_ADDRESS; 0: no
	                         * limit now, but settings may change */
};

/*
 * Find that out.  A limit that somebody has set is for everybody, and for those
 * without an address together.  The default spares them, and also loopback,
 * private addresses and trusted proxies that name no client: behind an address
 * like these may be a whole site.  A missing input is logged once an hour,
 * with the setting that helps.
 */
void counted_find(
    struct counted *out, const struct request *rq, const struct settings *s);

/*
 * Whom to count a request for where `out` is all there is to know it by; base
 * NULL for an address that may be a whole site's (see above), set or not.
 */
struct slice counted_client(
    char out[IP_TEXT_MAX], const struct request *rq, const struct settings *s);

/* Log once an hour that a stream was refused, to whom and why. */
void counted_tell_refused(
    const struct request *rq, const struct settings *s, const char *why);

#endif
