/* SPDX-License-Identifier: MIT */
/* page.c - reads the environment of a CGI script. */
#include "lib/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "text/origin.h"

static bool
has_text(const char *variable, const char *text)
{
	const char *value = getenv(variable);

	return value != NULL && strcasestr(value, text) != NULL;
}

bool
page_came_by_https(void)
{
	const char *https = getenv("HTTPS"), *port = getenv("SERVER_PORT");

	return (https != NULL && https[0] != '\0' &&
		   strcasecmp(https, "off") != 0) ||
	       (port != NULL && strcmp(port, "443") == 0) ||
	       has_text("REQUEST_SCHEME", "https") ||
	       has_text("HTTP_X_FORWARDED_PROTO", "https") ||
	       has_text("HTTP_FORWARDED", "https");
}

struct slice
page_origin(char out[PAGE_ORIGIN_MAX], struct slice url)
{
	static const struct slice none = { NULL, 0 };
	const char *host = getenv("HTTP_HOST");
	struct slice origin, name;
	int n;

	if (url.base == NULL) {
		if (getenv("REQUEST_METHOD") == NULL || host == NULL)
			return none;
		n = snprintf(out, PAGE_ORIGIN_MAX, "http%s://%s",
		    page_came_by_https() ? "s" : "", host);
		if (n < 0 || n >= PAGE_ORIGIN_MAX)
			return none;
		url = slice_of(out);
		/* A path in it is an attempt at something else. */
		if (origin_of_url(url).len != url.len)
			return none;
	}
	name = origin_host(url);
	origin = origin_of_url(url);
	if (name.len == 0)
		return none;
	/* Without the scheme's own port. */
	origin.len = (size_t)(name.base - origin.base) + name.len;
	if (origin.len >= PAGE_ORIGIN_MAX || !origin_is_written(origin))
		return none;
	memmove(out, origin.base, origin.len);
	out[origin.len] = '\0';
	return (struct slice){ out, origin.len };
}
