/* SPDX-License-Identifier: MIT */
/* cookie.c - the storage model of cookies (RFC 6265 and its successor). */
#include "check/cookie.h"

#include <strings.h>

#define COOKIE_MAX 4096 /* name and value: more is not kept */

static bool
is_same(struct slice a, const char *text)
{
	return a.len == strlen(text) && strncasecmp(a.base, text, a.len) == 0;
}

static bool
begins(struct slice a, const char *prefix)
{
	const size_t n = strlen(prefix);

	return a.len >= n && strncasecmp(a.base, prefix, n) == 0;
}

static void
read_attribute(struct check_cookie *c, struct slice text)
{
	struct slice name;

	slice_cut(&text, '=', &name);
	name = slice_trim(name);
	text =
	    text.base != NULL ? slice_trim(text) : slice_after(name, name.len);
	if (is_same(name, "Secure"))
		c->secure = true;
	else if (is_same(name, "Partitioned"))
		c->partitioned = true;
	else if (is_same(name, "SameSite"))
		c->same_site = text;
	else if (is_same(name, "Path"))
		c->path = slice_starts(text, "/") ? text : slice_of(NULL);
	else if (is_same(name, "Domain") && text.len > 0)
		c->domain = text.base[0] == '.' ? slice_after(text, 1) : text;
}

bool
check_cookie_read(struct check_cookie *out, struct slice header)
{
	struct check_cookie c = { .secure = false };
	struct slice pair, attribute;

	if (!slice_cut(&header, ';', &pair))
		return false;
	c.value = pair;
	slice_cut(&c.value, '=', &c.name);
	if (c.value.base == NULL)
		return false;
	c.name = slice_trim(c.name);
	c.value = slice_trim(c.value);
	if (c.name.len == 0)
		return false;
	while (slice_cut(&header, ';', &attribute))
		read_attribute(&c, attribute);
	*out = c;
	return true;
}

static bool
is_address(struct slice host)
{
	return host.len > 0 &&
	       (host.base[0] == '[' || (host.base[host.len - 1] >= '0' &&
					   host.base[host.len - 1] <= '9'));
}

/* RFC 6265, 5.1.3. */
static bool
host_matches(struct slice host, struct slice domain)
{
	size_t more = host.len - domain.len;

	if (domain.len > host.len ||
	    strncasecmp(host.base + more, domain.base, domain.len) != 0)
		return false;
	return more == 0 || (!is_address(host) && host.base[more - 1] == '.');
}

/* RFC 6265, 5.1.4. */
static bool
path_matches(struct slice path, struct slice cookie)
{
	if (path.len < cookie.len ||
	    memcmp(path.base, cookie.base, cookie.len) != 0)
		return false;
	return path.len == cookie.len || cookie.base[cookie.len - 1] == '/' ||
	       path.base[cookie.len] == '/';
}

/* The page's folder: what Path is by default. */
static struct slice
folder_of(struct slice path)
{
	size_t n = path.len;

	while (n > 1 && path.base[n - 1] != '/')
		n--;
	return (struct slice){ path.base, n > 1 ? n - 1 : 1 };
}

/* Browsers trust their own machine without TLS. */
static bool
is_secure(const struct url *u)
{
	const struct slice host = u->part[URL_HOST];

	return slice_is(u->part[URL_SCHEME], "https") ||
	       host_matches(host, slice_of("localhost")) ||
	       (slice_starts(host, "127.") && is_address(host)) ||
	       slice_is(host, "[::1]");
}

/* The last two labels, or all of it. */
static struct slice
site_of(struct slice host)
{
	size_t at = host.len, dots = 0;

	if (is_address(host))
		return host;
	while (at > 0 && (host.base[at - 1] != '.' || ++dots < 2))
		at--;
	return slice_after(host, at);
}

static bool
is_same_site(const struct url *a, const struct url *b)
{
	return slice_eq(a->part[URL_SCHEME], b->part[URL_SCHEME]) &&
	       slice_eq(site_of(a->part[URL_HOST]), site_of(b->part[URL_HOST]));
}

static bool
fits_prefix(const struct check_cookie *c)
{
	if (begins(c->name, "__Host-"))
		return c->secure && c->domain.base == NULL &&
		       slice_is(c->path, "/");
	return !begins(c->name, "__Secure-") || c->secure;
}

/* Nobody may set a cookie for a whole top level. */
static bool
may_set(const struct check_cookie *c, struct slice host)
{
	if (c->domain.base == NULL)
		return true;
	if (is_same(c->domain, "") || !host_matches(host, c->domain))
		return false;
	return c->domain.len == host.len ||
	       memchr(c->domain.base, '.', c->domain.len) != NULL;
}

static bool
reaches_host(const struct check_cookie *c, struct slice page, struct slice hub)
{
	if (c->domain.base == NULL)
		return slice_eq(page, hub);
	return host_matches(hub, c->domain);
}

enum check_return
check_cookie_judge(const struct check_cookie *c, const struct url *page,
    const struct url *origin, const struct url *hub)
{
	const struct slice host = page->part[URL_HOST];
	const struct slice path =
	    c->path.base != NULL ? c->path : folder_of(page->part[URL_PATH]);
	const bool everywhere = is_same(c->same_site, "None");

	if (c->name.len + c->value.len > COOKIE_MAX)
		return CHECK_TOO_LONG;
	if (!fits_prefix(c))
		return CHECK_BAD_PREFIX;
	if (everywhere && !c->secure)
		return CHECK_NONE_INSECURE;
	if (c->secure && !is_secure(page))
		return CHECK_SECURE_PAGE;
	if (!may_set(c, host))
		return CHECK_FOREIGN_DOMAIN;
	if (!reaches_host(c, host, hub->part[URL_HOST]))
		return CHECK_OTHER_HOST;
	if (!path_matches(hub->part[URL_PATH], path))
		return CHECK_OTHER_PATH;
	if (c->secure && !is_secure(hub))
		return CHECK_SECURE_HUB;
	if (!everywhere && !is_same_site(origin, hub))
		return CHECK_CROSS_SITE;
	if (!c->partitioned && !is_same_site(origin, hub))
		return CHECK_UNPARTITIONED;
	return CHECK_RETURNED;
}

const char *
check_return_text(enum check_return r)
{
	static const char *const texts[] = {
		[CHECK_RETURNED] = "it is kept and returned",
		[CHECK_TOO_LONG] = "it is longer than 4,096 bytes: name fewer "
				   "topics, or a template for them",
		[CHECK_BAD_PREFIX] =
		    "its name begins with __Secure- or __Host-, which asks for "
		    "Secure, and the latter for Path=/ and no Domain: change "
		    "MERCURE_AUTHZ_COOKIE_NAME",
		[CHECK_NONE_INSECURE] =
		    "SameSite=None needs Secure: serve the hub by HTTPS",
		[CHECK_SECURE_PAGE] = "it is Secure, and the page that sets "
				      "it is not: serve it by HTTPS",
		[CHECK_FOREIGN_DOMAIN] =
		    "its Domain is not one of the page that sets it",
		[CHECK_OTHER_HOST] =
		    "it is for the host of the page that sets it, and the hub "
		    "has another one: put the hub on the page's host, or give "
		    "the cookie a Domain that covers both",
		[CHECK_OTHER_PATH] =
		    "its Path is not the hub's: MERCURE_PUBLIC_HUB_URL must "
		    "be the URL that browsers ask",
		[CHECK_SECURE_HUB] = "it is Secure, and the hub's URL is "
				     "not: let pages ask it by https://",
		[CHECK_CROSS_SITE] =
		    "with its SameSite, it is not sent with streams that pages "
		    "of this origin open: give the hub a host name of the "
		    "page's own site, or see MERCURE_COOKIE_PARTITIONED in "
		    "pushcgi.conf(5)",
		[CHECK_UNPARTITIONED] =
		    "Chromium and Firefox do not send a cookie of another site "
		    "with streams: give the hub a host name of the page's own "
		    "site, or see MERCURE_COOKIE_PARTITIONED in "
		    "pushcgi.conf(5)",
	};

	return texts[r];
}
