/* SPDX-License-Identifier: MIT */
/* token.h - access tokens and cookies, signed with the configured keys. */
#ifndef LIB_TOKEN_H
#define LIB_TOKEN_H

#include "lib/handle.h"

/* Longest life of a token or cookie that can be asked for: 100 years. */
#define HANDLE_LIFETIME_MAX_S INT64_C(3155760000)

/*
 * Add a token that allows private updates of these selectors, or publishing to
 * them.  It expires in `lifetime_s` seconds; 0: never.  `payload` is JSON; base
 * NULL: none.  ERR_SYNTAX, ERR_LIMIT: a selector, the payload or the lifetime.
 * ERR_NOTFOUND, ERR_UNSUPPORTED: there is no key to sign with.  ERR_NOMEM.
 */
enum err handle_subscriber_token(struct pushcgi *h, struct buf *out,
    const struct slice *selectors, size_t n, struct slice payload,
    int64_t lifetime_s, struct problem *p);
enum err handle_publisher_token(struct pushcgi *h, struct buf *out,
    const struct slice *selectors, size_t n, int64_t lifetime_s,
    struct problem *p);

/* Add the value of a Set-Cookie header with such a token, with a token that
 * exists already, or one that removes the cookie; see pushcgi.h. */
enum err handle_cookie(struct pushcgi *h, struct buf *out,
    const struct slice *selectors, size_t n, struct slice payload,
    int64_t lifetime_s, struct problem *p);
enum err handle_cookie_from_token(struct pushcgi *h, struct buf *out,
    struct slice token, int64_t lifetime_s, struct problem *p);
enum err handle_clear_cookie(
    struct pushcgi *h, struct buf *out, struct problem *p);

#endif
