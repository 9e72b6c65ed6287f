/* SPDX-License-Identifier: MIT */
/* client.h - finds a request's client, also behind trusted proxies. */
#ifndef REQUEST_CLIENT_H
#define REQUEST_CLIENT_H

#include <stdbool.h>

#include "request/request.h"
#include "text/ip.h"

/* How the address was found, which decides about limits. */
enum client_kind {
	CLIENT_UNKNOWN, /* the web server names none */
	CLIENT_INNER,   /* loopback, private or such: see ip_is_inner() */
	CLIENT_PROXY,   /* a trusted proxy's, which names no client */
	CLIENT_OUTER,   /* any other */
	CLIENT_GARBLED  /* a trusted proxy's, whose headers cannot be read */
};

struct client {
	enum client_kind kind;
	struct ip address; /* unset for CLIENT_UNKNOWN */
	bool ignored;      /* it sent a proxy's headers, and is not trusted */
	bool https;        /* as the browser sees it; `host` likewise */
	struct slice host; /* borrowed from the request */
};

#define CLIENT_HOPS_MAX 16

/*
 * Find the client: the web server's peer, unless `trusted` (NULL: nobody) has
 * its address; then the last address in X-Forwarded-For or Forwarded that
 * `trusted` does not have, and the scheme and host that belong to it.  The
 * search ends with CLIENT_GARBLED at the last trusted proxy if a header cannot
 * be read or occurs twice, if the two headers disagree, or after
 * CLIENT_HOPS_MAX proxies.  Any thread.
 */
void client_find(struct client *out, const struct request *rq,
    const struct ip_networks *trusted);

/* Write the address for logs; "unknown" if there is none. */
void client_write(char out[IP_TEXT_MAX], const struct client *c);

/* client_find() and client_write(). */
void client_name(char out[IP_TEXT_MAX], const struct request *rq,
    const struct ip_networks *trusted);

/* Write the name that its streams are counted under: as ip_write_counted(), or
 * "unknown". */
void client_write_counted(char out[IP_TEXT_MAX], const struct client *c);

#endif
