/* SPDX-License-Identifier: MIT */
/* request_fcgi.h - lets libfcgi parse a connection that stays ours. */
#ifndef REQUEST_REQUEST_FCGI_H
#define REQUEST_REQUEST_FCGI_H

#include <stddef.h>

#include "request/request.h"

/* Once per process, before any thread and before signals are arranged. */
enum err request_fcgi_init(void);

/*
 * Parse the request that waits on `fd` and read its body to the end: at most
 * `body_max` bytes are kept (else request.body_too_long).  `fd` stays the
 * caller's; it is non-blocking, and the body counts as cut where it would
 * have to wait (request.body_cut).  Worker threads.  ERR_SYNTAX, ERR_IO,
 * ERR_NOMEM.
 */
enum err request_fcgi_parse(struct request **out, int fd, size_t body_max);

/*
 * The same for a request of exactly `len` bytes, which are all there: those
 * behind it, if any, stay on `fd`, and belong to the next request.
 */
enum err request_fcgi_parse_exactly(
    struct request **out, int fd, size_t len, size_t body_max);

/* The same for a request that was read into memory. */
enum err request_fcgi_parse_bytes(
    struct request **out, struct slice bytes, size_t body_max);

#endif
