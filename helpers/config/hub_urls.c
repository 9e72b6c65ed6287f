/* SPDX-License-Identifier: MIT */
/* hub_urls.c - several names of one hub. */
#include "config/hub_urls.h"

#include <strings.h>

#include "text/host_name.h"
#include "text/origin.h"
#include "url/url.h"

/* Is there a "@" in front of the path? */
static bool
names_user(struct slice url)
{
	size_t n = 0;

	url = slice_after(url, slice_starts(url, "https") ? 8 : 7);
	while (n < url.len && memchr("/?#\\", url.base[n], 4) == NULL)
		n++;
	return memchr(url.base, '@', n) != NULL;
}

/* As browsers read it, there must be a host of http or https, and no password,
 * which browsers would ask the hub without. */
static const char *
check_address(struct slice url)
{
	static const char wrong[] = "must be a URL that starts with http:// or "
				    "https:// and names a host, and a port "
				    "up to 65535 if any";
	struct url u;
	bool found;
	enum err e;

	if (!slice_starts(url, "http://") && !slice_starts(url, "https://"))
		return wrong;
	if (names_user(url))
		return "must not contain a name or a password: remove what is "
		       "before the @";
	if (origin_host(url).len == 0)
		return wrong;
	if ((e = url_parse(&u, url, NULL, 0)) != ERR_OK)
		return e == ERR_NOMEM ? err_text(ERR_NOMEM) : wrong;
	found = !host_name_has_gap(u.part[URL_HOST]);
	url_free(&u);
	return found ? NULL : wrong;
}

const char *
hub_urls_check_one(struct slice url)
{
	const char *wrong;

	/* Browsers send the ASCII form of a host as an origin. */
	for (size_t i = 0; i < url.len; i++)
		if ((unsigned char)url.base[i] >= 0x80)
			return "must be ASCII: write the host as browsers send "
			       "it, with xn-- (idn2 NAME prints it), and "
			       "other characters as %XX";
	if ((wrong = check_address(url)) != NULL)
		return wrong;
	if (memchr(url.base, '#', url.len) != NULL)
		return "has no part after #";
	if (url.base[url.len - 1] == ',')
		return "needs blanks between URLs, and no comma";
	return NULL;
}

bool
hub_urls_next(struct slice *rest, struct slice *url)
{
	while (slice_cut(rest, ' ', url))
		if (url->len > 0)
			return true;
	return false;
}

const char *
hub_urls_check(struct slice list)
{
	const char *wrong;
	struct slice url;
	size_t n = 0;

	while (hub_urls_next(&list, &url)) {
		if ((wrong = hub_urls_check_one(url)) != NULL)
			return wrong;
		if (n++ == HUB_URLS_MAX)
			return "must name eight URLs at most";
	}
	return NULL;
}

struct slice
hub_urls_first(const char *list)
{
	struct slice rest = slice_of(list), url;

	return hub_urls_next(&rest, &url) ? url : slice_of(NULL);
}

bool
hub_urls_have(const char *list, const char *url)
{
	struct slice rest = slice_of(list), one;

	while (hub_urls_next(&rest, &one))
		if (slice_is(one, url))
			return true;
	return false;
}

bool
hub_urls_have_origin(const char *list, struct slice origin)
{
	struct slice rest = slice_of(list), url;

	while (hub_urls_next(&rest, &url))
		if (origin_is_of(origin, url))
			return true;
	return false;
}

static bool
same_host(struct slice a, struct slice b)
{
	return a.len > 0 && a.len == b.len &&
	       strncasecmp(a.base, b.base, a.len) == 0;
}

/* `host` without the port that the scheme has by itself. */
static struct slice
without_port_of(struct slice host, bool https)
{
	const char *port = https ? ":443" : ":80";
	const size_t n = strlen(port);

	if (host.len > n && memcmp(host.base + host.len - n, port, n) == 0)
		host.len -= n;
	return host;
}

static bool
is_https(struct slice url)
{
	return url.len > 5 && strncasecmp(url.base, "https", 5) == 0;
}

struct slice
hub_urls_for_request(const char *list, struct slice host, bool https)
{
	struct slice rest = slice_of(list), url, found = { NULL, 0 };

	host = without_port_of(host, https);
	while (hub_urls_next(&rest, &url)) {
		if (!same_host(host, origin_host(url)))
			continue;
		if (is_https(url) == https)
			return url;
		if (found.base == NULL)
			found = url;
	}
	return found.base != NULL ? found : hub_urls_first(list);
}

/* What stands behind the origin.  A text that a page would take for another
 * URL than this one's path is not used; the URL itself is. */
static struct slice
path_of(struct slice url)
{
	struct slice path = slice_after(url, origin_of_url(url).len);

	if (path.len == 0)
		return slice_of("/");
	if (path.base[0] != '/' || slice_starts(path, "//") ||
	    memchr(path.base, '\\', path.len) != NULL)
		return url;
	return path;
}

/* A name of the outer world: not an address, and with a dot. */
static bool
is_outer_name(struct slice host)
{
	struct slice name = { NULL, 0 };
	size_t digits = 0;

	(void)slice_cut(&host, ':', &name);
	if (name.len == 0 || name.base[0] == '[' ||
	    memchr(name.base, '.', name.len) == NULL)
		return false;
	while (digits < name.len &&
	       strchr("0123456789.", name.base[digits]) != NULL)
		digits++;
	return digits < name.len;
}

/* *source, which is the first before: the URL that a path is of. */
static struct slice
choose(struct slice *source, const char *list, struct slice page, bool crosses)
{
	const struct slice host = origin_host(page);
	struct slice rest = slice_of(list), url;

	if (list == NULL || host.len == 0)
		return hub_urls_first(list);
	while (hub_urls_next(&rest, &url))
		if (origin_is_of(page, url))
			return url;
	rest = slice_of(list);
	while (hub_urls_next(&rest, &url))
		if (same_host(host, origin_host(url))) {
			*source = url;
			return path_of(url);
		}
	if (crosses || !is_outer_name(host))
		return hub_urls_first(list);
	return path_of(hub_urls_first(list));
}

struct slice
hub_urls_for_page(
    bool *plain, const char *list, struct slice page, bool crosses)
{
	struct slice source = hub_urls_first(list);
	const struct slice url = choose(&source, list, page, crosses);
	const bool is_path = url.len > 0 && url.base[0] == '/';

	/* A path is asked by the page's scheme.  Where the list names https
	 * only, a page that seems to come by http may be behind a proxy. */
	*plain = is_path ? !is_https(page) && !is_https(source)
			 : url.len > 0 && !is_https(url);
	return url;
}
