/* SPDX-License-Identifier: MIT */
/* cookie.h - would a browser keep this cookie, and return it to the hub? */
#ifndef CHECK_COOKIE_H
#define CHECK_COOKIE_H

#include <stdbool.h>

#include "base/slice.h"
#include "url/url.h"

/* A Set-Cookie value; all borrowed from it.  Base NULL: not there. */
struct check_cookie {
	struct slice name, value;
	struct slice path, domain, same_site; /* the last of each counts */
	bool secure, partitioned;
};

/* Read one as browsers do (RFC 6265, 5.2): false if they would ignore it. */
bool check_cookie_read(struct check_cookie *out, struct slice header);

enum check_return {
	CHECK_RETURNED,
	CHECK_TOO_LONG,       /* more than 4,096 bytes */
	CHECK_BAD_PREFIX,     /* __Host- or __Secure-, and not what that asks */
	CHECK_NONE_INSECURE,  /* SameSite=None without Secure */
	CHECK_SECURE_PAGE,    /* Secure, from a page without TLS */
	CHECK_FOREIGN_DOMAIN, /* Domain is not the page's */
	CHECK_OTHER_HOST,     /* kept, but not for the hub's host */
	CHECK_OTHER_PATH,     /* nor for its path */
	CHECK_SECURE_HUB,     /* Secure, and the hub has no TLS */
	CHECK_CROSS_SITE,     /* SameSite, and the stream is of another site */
	CHECK_UNPARTITIONED   /* None and that, so Safari alone returns it */
};

/*
 * The cookie was set by an answer from `page`; a page of `origin` opens a
 * stream from `hub`.  All are http or https.  Whether two hosts are of one
 * site is judged by their last two labels, so that a doubt is not a problem.
 */
enum check_return check_cookie_judge(const struct check_cookie *c,
    const struct url *page, const struct url *origin, const struct url *hub);

/* The reason, as the end of a sentence; static. */
const char *check_return_text(enum check_return r);

#endif
