/* SPDX-License-Identifier: MIT */
/* url.h - the basic URL parser of the WHATWG's URL Standard. */
#ifndef URL_URL_H
#define URL_URL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* Bytes of a text to parse: as long as a topic can be configured to be. */
#define URL_INPUT_MAX 65536
/* Bytes of a serialized URL: each byte may become %XX, and a base adds. */
#define URL_HREF_MAX (4 * URL_INPUT_MAX)

/* In the order in which a URL holds them. */
enum url_part {
	URL_SCHEME, /* without ":" */
	URL_USERNAME,
	URL_PASSWORD,
	URL_HOST,     /* with the brackets of an IPv6 address */
	URL_PORT,     /* digits; not there if it is the scheme's default */
	URL_PATH,     /* with its first "/" */
	URL_QUERY,    /* without "?" */
	URL_FRAGMENT, /* without "#" */
	URL_PARTS
};

/*
 * A URL; immutable once parsed, so any thread may read it.  All parts are
 * ASCII: other characters are percent-encoded.  A part that is not there
 * (base NULL) differs from an empty one; what the standard calls null is
 * not there, and username and password are so only without a host.  A path
 * always is.
 */
struct url {
	struct buf href; /* the serialization, which the parts point into */
	struct slice part[URL_PARTS];
	bool is_special; /* ftp, file, http(s), ws(s) (section 4.2) */
	bool has_opaque_path;
};

/* For questions about the path alone: the authority is not looked at.  Host
 * and credentials are left empty, and none is a failure. */
#define URL_SKIP_AUTHORITY 1u

/*
 * Parse `input` (UTF-8, not checked: bytes above 0x7e are encoded one by
 * one), relative to `base` unless that is NULL, by section 4.4.  Time is
 * linear in both lengths.  The caller frees *out with url_free(); nothing
 * in it refers to `input` or `base`.  `flags` is 0 or URL_SKIP_AUTHORITY.
 *
 * ERR_SYNTAX: no URL.  ERR_UNSUPPORTED: a domain that is not ASCII, also once
 * it is decoded; names in Punycode are taken as they are.  ERR_LIMIT: longer
 * than URL_INPUT_MAX or URL_HREF_MAX.  ERR_NOMEM.
 */
enum err url_parse(struct url *out, struct slice input, const struct url *base,
    unsigned flags);

/*
 * Add `path`, a URL's path that is not opaque, in the one spelling that all
 * paths equivalent to it have (RFC 3986, sections 6.2.2.2 and 6.2.2.3):
 * unreserved characters are decoded and dot segments resolved.  What
 * decoding puts together is decoded again, so that the result is its own
 * normal form.  %2F and other reserved characters stay encoded.
 */
void url_normalize_path(struct buf *out, struct slice path);

/* Does the host name this machine itself (loopback)? */
bool url_is_loopback(const struct url *u);

/* A zeroed url is allowed. */
void url_free(struct url *u);

#endif
