/* SPDX-License-Identifier: MIT */
/* client.h - who sent a request, by the word of those who are believed. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>

#include "ip.h"
#include "request.h"

/* How an address came to be a client's. */
enum client_kind {
	CLIENT_UNKNOWN, /* the web server names none */
	CLIENT_INNER,   /* loopback, private or such: see ip_is_inner() */
	CLIENT_PROXY,   /* believed, but it names no client */
	CLIENT_OUTER,   /* of anybody else */
	CLIENT_GARBLED  /* a believed proxy's, whose words cannot be read */
};

struct client {
	enum client_kind kind;
	struct ip address; /* not of CLIENT_UNKNOWN */
	bool ignored;      /* a proxy's words were there, and not believed */
	bool https;        /* as the browser sees it, and so the host */
	struct slice host; /* borrowed from the request */
};

#define CLIENT_HOPS_MAX 16

/*
 * Find the sender: the web server's peer, unless `trusted` has its address: then
 * the last address in X-Forwarded-For or Forwarded that `trusted` has not,
 * and the scheme and host that go with it.  Garbage in a header ends the walk
 * at the last one believed, and so do two headers of a name, two answers, and
 * more proxies than CLIENT_HOPS_MAX.
 */
void client_find(struct client *out, const struct request *rq,
    const struct ip_networks *trusted);

/* The address for logs; "unknown" if there is none. */
void client_write(char out[IP_TEXT_MAX], const struct client *c);

/* Both at once. */
void client_name(char out[IP_TEXT_MAX], const struct request *rq,
    const struct ip_networks *trusted);

/* Whom to count its streams for: see ip_write_counted(), or "unknown". */
void client_write_counted(char out[IP_TEXT_MAX], const struct client *c);

#endif
