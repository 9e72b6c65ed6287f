/* SPDX-License-Identifier: MIT */
/* cookie.c - reads a Cookie header, writes a Set-Cookie value. */
#include "text/cookie.h"

#include <inttypes.h>
#include <strings.h>

struct slice
cookie_find(struct slice header, struct slice name)
{
	return cookie_next(&header, name);
}

struct slice
cookie_next(struct slice *header, struct slice name)
{
	struct slice pair, key, value;

	while (slice_cut(header, ';', &pair)) {
		value = pair;
		slice_cut(&value, '=', &key);
		if (value.base == NULL || !slice_eq(slice_trim(key), name))
			continue;
		value = slice_trim(value);
		if (value.len >= 2 && value.base[0] == '"' &&
		    value.base[value.len - 1] == '"')
			value = (struct slice){ value.base + 1, value.len - 2 };
		return value;
	}
	return (struct slice){ NULL, 0 };
}

/* RFC 2616, section 2.2: what a token cannot hold. */
static bool
is_token_char(unsigned char c)
{
	return c > 0x20 && c < 0x7f && strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
}

/* RFC 6265, section 4.1.1: cookie-octet. */
static bool
is_value_char(unsigned char c)
{
	return c > 0x20 && c < 0x7f && strchr("\",;\\", c) == NULL;
}

static bool
is_path_char(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != ';';
}

static bool
is_domain_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static bool
all_are(struct slice s, bool (*is_allowed)(unsigned char))
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_allowed((unsigned char)s.base[i]))
			return false;
	return true;
}

static const char *
same_site_name(struct slice s)
{
	static const char *const names[] = { "Strict", "Lax", "None" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (s.len == strlen(names[i]) &&
		    strncasecmp(s.base, names[i], s.len) == 0)
			return names[i];
	return NULL;
}

static bool
has_prefix(const struct cookie *c, const char *prefix)
{
	const size_t n = strlen(prefix);

	return c->name.len >= n && strncasecmp(c->name.base, prefix, n) == 0;
}

/* RFC 6265bis, 4.1.3: browsers drop a cookie of such a name without a word,
 * unless it is as its name says. */
static bool
is_host_only(const struct cookie *c)
{
	return has_prefix(c, "__Host-");
}

static enum err
prefix_check(const struct cookie *c, struct problem *p)
{
	if (!is_host_only(c) && !has_prefix(c, "__Secure-"))
		return ERR_OK;
	if (!c->secure)
		return problem_set(p, ERR_SYNTAX,
		    "Browsers take cookies whose name begins with __Host- or "
		    "__Secure- by https only: choose another name, or https "
		    "for the hub.");
	if (is_host_only(c) && c->domain.base != NULL)
		return problem_set(p, ERR_SYNTAX,
		    "A cookie whose name begins with __Host- has no domain: "
		    "MERCURE_COOKIE_DOMAIN must not be set.");
	return ERR_OK;
}

static enum err
cookie_check(const struct cookie *c, struct problem *p)
{
	if (c->name.len == 0 || !all_are(c->name, is_token_char))
		return problem_set(p, ERR_SYNTAX,
		    "The cookie's name must be one word without separators.");
	if (c->value.len > COOKIE_VALUE_MAX)
		return problem_set(p, ERR_LIMIT,
		    "The cookie would be %zu bytes long, and browsers drop "
		    "cookies above 4 KiB: grant fewer topics, or use "
		    "templates.",
		    c->value.len);
	if (!all_are(c->value, is_value_char))
		return problem_set(p, ERR_SYNTAX,
		    "The cookie's value has a character that cookies cannot "
		    "carry.");
	if (c->path.base != NULL &&
	    (!slice_starts(c->path, "/") || !all_are(c->path, is_path_char)))
		return problem_set(p, ERR_SYNTAX,
		    "The cookie's path must start with / and be printable "
		    "ASCII without a semicolon.");
	if (c->domain.base != NULL &&
	    (c->domain.len == 0 || !all_are(c->domain, is_domain_char)))
		return problem_set(
		    p, ERR_SYNTAX, "The cookie's domain must be a host name.");
	if (same_site_name(c->same_site) == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "The cookie's SameSite must be Strict, Lax or None.");
	if (c->partitioned && strcmp(same_site_name(c->same_site), "None") != 0)
		return problem_set(p, ERR_SYNTAX,
		    "A Partitioned cookie has SameSite=None: browsers send no "
		    "other to another site, for which it is meant.");
	return prefix_check(c, p);
}

enum err
cookie_write(struct buf *out, const struct cookie *c, struct problem *p)
{
	const char *same_site = same_site_name(c->same_site);
	struct buf text;
	enum err e;

	if ((e = cookie_check(c, p)) != ERR_OK)
		return e;

	/* Apart first: a failure half way must add nothing. */
	buf_init(&text, out->max);
	buf_slice(&text, c->name);
	buf_byte(&text, '=');
	buf_slice(&text, c->value);
	if (is_host_only(c)) {
		buf_text(&text, "; Path=/");
	} else if (c->path.base != NULL) {
		buf_text(&text, "; Path=");
		buf_slice(&text, c->path);
	}
	if (c->domain.base != NULL) {
		buf_text(&text, "; Domain=");
		buf_slice(&text, c->domain);
	}
	/* Some old clients know only Expires; for them, too, 0 clears. */
	if (c->max_age_s == 0)
		buf_text(&text, "; Expires=Thu, 01 Jan 1970 00:00:01 GMT");
	if (c->max_age_s >= 0)
		buf_printf(&text, "; Max-Age=%" PRId64, c->max_age_s);
	/* Browsers refuse None without Secure. */
	if (c->secure || strcmp(same_site, "None") == 0)
		buf_text(&text, "; Secure");
	buf_text(&text, "; HttpOnly; SameSite=");
	buf_text(&text, same_site);
	if (c->partitioned)
		buf_text(&text, "; Partitioned");

	if ((e = text.err) == ERR_OK) {
		buf_slice(out, buf_view(&text));
		e = out->err;
	}
	buf_wipe(&text);
	return e;
}
