/* SPDX-License-Identifier: MIT */
/* cookie.h - would a browser keep this cookie, and return it to the hub? */
#ifndef CHECK_COOKIE_H
#define CHECK_COOKIE_H

#include <stdbool.h>

#include "base/slice.h"
#include "url/url.h"

/* A Set-Cookie value; all borrowed from it.  Base NULL: not there. */
struct doctor_cookie {
	struct slice name, value;
	struct slice path, domain, same_site; /* the last of each counts */
	bool secure;
};

/* Read one as browsers do (RFC 6265, 5.2): false if they would ignore it. */
bool doctor_cookie_read(struct doctor_cookie *out, struct slice header);

enum doctor_return {
	DOCTOR_RETURNED,
	DOCTOR_TOO_LONG,      /* more than 4,096 bytes */
	DOCTOR_BAD_PREFIX,    /* __Host- or __Secure-, and not what that asks */
	DOCTOR_NONE_INSECURE, /* SameSite=None without Secure */
	DOCTOR_SECURE_PAGE,   /* Secure, from a page without TLS */
	DOCTOR_FOREIGN_DOMAIN, /* Domain is not the page's */
	DOCTOR_OTHER_HOST,     /* kept, but not for the hub's host */
	DOCTOR_OTHER_PATH,     /* nor for its path */
	DOCTOR_SECURE_HUB,     /* Secure, and the hub has no TLS */
	DOCTOR_CROSS_SITE      /* SameSite, and the stream is of another site */
};

/*
 * The cookie was set by an answer from `page`; a page of `origin` opens a
 * stream from `hub`.  All are http or https.  Whether two hosts are of one
 * site is judged by their last two labels, so that a doubt is no fault.
 */
enum doctor_return doctor_cookie_judge(const struct doctor_cookie *c,
    const struct url *page, const struct url *origin, const struct url *hub);

/* The reason, as the end of a sentence; static. */
const char *doctor_return_text(enum doctor_return r);

#endif
