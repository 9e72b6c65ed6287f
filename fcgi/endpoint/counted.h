/* SPDX-License-Identifier: MIT */
/* counted.h - the client that a stream counts for, and its limit. */
#ifndef ENDPOINT_COUNTED_H
#define ENDPOINT_COUNTED_H

#include "endpoint/settings.h"
#include "request/request.h"

struct counted {
	char text[IP_TEXT_MAX]; /* the same for all streams of a client */
	uint64_t max;           /* MERCURE_MAX_CONNECTIONS_PER_ADDRESS; 0: no
	                         * limit now, but settings may change */
};

/*
 * Find the client of `rq` and its limit.  A limit that is set holds for every
 * client, and all requests without an address are one client.  The default
 * limit does not hold for these, nor for loopback, private addresses and
 * trusted proxies that name no client, since such an address may stand for a
 * whole site.  Input that is missing is logged once an hour, with the setting
 * that helps.  Any thread.
 */
void counted_find(
    struct counted *out, const struct request *rq, const struct settings *s);

/*
 * Write the same name to `out`, for a request that is known by its address
 * only, and return it.  base NULL: its address may stand for a whole site (see
 * above), whether the limit is set or not.
 */
struct slice counted_client(
    char out[IP_TEXT_MAX], const struct request *rq, const struct settings *s);

/* Log once an hour that a stream was refused, with its client and the
 * reason. */
void counted_report_refused(
    const struct request *rq, const struct settings *s, const char *why);

#endif
