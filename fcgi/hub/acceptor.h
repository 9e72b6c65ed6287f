/* SPDX-License-Identifier: MIT */
/* acceptor.h - accepts connections and waits until a request is complete. */
#ifndef HUB_ACCEPTOR_H
#define HUB_ACCEPTOR_H

#include "hub/exchange.h"

/*
 * Owner: loop thread.  libfcgi blocks on what is missing and trusts lengths,
 * so a request reaches a worker only when record_scan() has found it complete;
 * until then its connection is an arrival.  Some senders hold a body back until
 * the hub reads (mod_proxy_fcgi stops at 50 KB): such a body is read into
 * memory first (request_buffer.h).
 */
struct acceptor;

/* So many connections at most wait for another request. */
#define ACCEPTOR_IDLE_MAX 64

/* Accept on `listen_fd`, which becomes the acceptor's. */
enum err acceptor_new(
    struct acceptor **out, int listen_fd, struct exchange_parts *parts);

/* Accept what is connected already and no more; a request that is not whole
 * has a second to be so. */
void acceptor_stop(struct acceptor *in);

void acceptor_free(struct acceptor *in); /* stopped, or NULL */

#endif
