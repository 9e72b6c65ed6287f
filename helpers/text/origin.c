/* SPDX-License-Identifier: MIT */
/* origin.c - cuts origins out of URLs and knows the ways to write them. */
#include "text/origin.h"

#include <strings.h>

/* The length of "http://" or "https://" in any case; 0: neither is there. */
static size_t
scheme_length(struct slice url)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i]);

		if (url.len >= n && strncasecmp(url.base, schemes[i], n) == 0)
			return n;
	}
	return 0;
}

struct slice
origin_of_url(struct slice url)
{
	static const struct slice none = { NULL, 0 };
	size_t scheme = scheme_length(url), i;

	if (scheme == 0)
		return none;
	/* Browsers take a backslash for a slash. */
	for (i = scheme; i < url.len; i++) {
		if (memchr("/?#\\", url.base[i], 4) != NULL)
			break;
		if (url.base[i] == '@' || url.base[i] == ' ')
			return none;
	}
	return i > scheme ? (struct slice){ url.base, i } : none;
}

/* `origin` without ":80" behind http, or ":443" behind https. */
static struct slice
without_own_port(struct slice origin)
{
	const char *port = scheme_length(origin) == 7 ? ":80" : ":443";
	size_t n = strlen(port);

	if (origin.len > n &&
	    memcmp(origin.base + origin.len - n, port, n) == 0)
		origin.len -= n;
	return origin;
}

struct slice
origin_host(struct slice url)
{
	const struct slice origin = origin_of_url(url);

	return origin.len > 0 ? slice_after(without_own_port(origin),
				    scheme_length(origin))
			      : origin;
}

/* The characters of hosts and ports as browsers write them: names as IDNA
 * has them, and addresses. */
static bool
is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._:[]", c) != NULL);
}

bool
origin_is_written(struct slice text)
{
	struct slice origin = origin_of_url(text);
	size_t i;

	if (origin.len == 0 || origin.len != text.len ||
	    without_own_port(origin).len != origin.len ||
	    !slice_starts(text, "http"))
		return false;
	for (i = slice_starts(text, "https") ? 8 : 7; i < text.len; i++)
		if (!is_host_char(text.base[i]))
			return false;
	return true;
}

bool
origin_is_of(struct slice text, struct slice url)
{
	struct slice origin = without_own_port(origin_of_url(url));

	return origin_is_written(text) && text.len == origin.len &&
	       strncasecmp(text.base, origin.base, text.len) == 0;
}
