/* SPDX-License-Identifier: MIT */
/* acceptor.h - accepts connections and waits, without reading, until a request is whole. */
#ifndef HUB_ACCEPTOR_H
#define HUB_ACCEPTOR_H

#include "hub/exchange.h"

/*
 * Owner: loop thread.  libfcgi blocks on what is missing and trusts lengths,
 * so a connection reaches a worker only when record_scan() has found the
 * request complete; a body that a sender holds back until somebody reads
 * (mod_proxy_fcgi stops at 50 KB) is read into memory first (request_buffer.h).
 */
struct intake;

/* Accept on `listen_fd`, which becomes the intake's. */
enum err intake_new(
    struct intake **out, int listen_fd, struct exchange_parts *parts);

/* Accept what is connected already and no more; a request that is not whole
 * has a second to be so. */
void intake_stop(struct intake *in);

void intake_free(struct intake *in); /* stopped, or NULL */

#endif
