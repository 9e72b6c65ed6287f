/* SPDX-License-Identifier: MIT */
/* request_fcgi.h - lets libfcgi parse a request from a descriptor. */
#ifndef REQUEST_REQUEST_FCGI_H
#define REQUEST_REQUEST_FCGI_H

#include <stddef.h>

#include "request/request.h"

/* Initialize libfcgi.  Call it once per process, before threads start
 * and before signal handlers are set. */
enum err request_fcgi_init(void);

/*
 * Parse the request that waits on `fd` and read its body to the end: at most
 * `body_max` bytes are kept (else request.body_too_long).  `fd` stays the
 * caller's; it is non-blocking, and a body of which a part has not arrived
 * counts as cut (request.body_cut).  Worker threads.  ERR_SYNTAX, ERR_IO,
 * ERR_NOMEM.
 */
enum err request_fcgi_parse(struct request **out, int fd, size_t body_max);

/*
 * Parse a request of exactly `len` bytes, all of which have arrived.  Bytes
 * behind them stay on `fd`; they belong to the next request.
 */
enum err request_fcgi_parse_exactly(
    struct request **out, int fd, size_t len, size_t body_max);

/* Parse a request that was read into memory. */
enum err request_fcgi_parse_bytes(
    struct request **out, struct slice bytes, size_t body_max);

#endif
