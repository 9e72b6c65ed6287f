/* SPDX-License-Identifier: MIT */
/* pushcgi_cookie.c - the cookie that lets a browser have private updates. */
#include "jose/jws.h"
#include "lib/handle.h"
#include "text/cookie.h"

/* The token in a cookie that lives until the browser is closed. */
#define SESSION_LIFETIME_S 3600

/* The cookie is kept for longer than its token: who comes with an expired one
 * is told so (401), and who came without one would be taken for anonymous, and
 * hear nothing private any more without a sign. */
#define GRACE_S 300

#define SET_COOKIE_MAX 65536 /* the hub's path may be long */

/* What a cookie needs of the hub's URL. */
struct scope {
	struct slice path;
	bool secure;
};

static struct scope
scope_of(struct slice url)
{
	struct scope scope = { { "/", 1 }, true };
	struct slice rest = url, part;

	if (slice_starts(url, "http://"))
		scope.secure = false;
	(void)slice_cut(&url, '?', &rest);
	url = rest;
	(void)slice_cut(&url, '#', &rest);

	if (!slice_starts(rest, "/")) {
		/* scheme, nothing, authority; what is left lost its slash */
		(void)slice_cut(&rest, '/', &part);
		(void)slice_cut(&rest, '/', &part);
		(void)slice_cut(&rest, '/', &part);
		if (rest.base != NULL)
			rest = (struct slice){ rest.base - 1, rest.len + 1 };
	}
	if (rest.len > 0)
		scope.path = rest;
	return scope;
}

static int64_t
kept_for(int64_t lifetime_s)
{
	return lifetime_s > 0 ? lifetime_s + GRACE_S : -1;
}

/* Add the cookie with this value; `max_age_s` as in cookie.h. */
static enum err
write_cookie(
    struct pushcgi *h, struct buf *out, struct slice value, int64_t max_age_s)
{
	const struct config *c = h->config;
	const struct scope scope = scope_of(handle_hub_url(h));
	const struct cookie cookie = { .name = slice_of(c->cookie_name),
		.value = value,
		.path = scope.path,
		.same_site = slice_of(c->cookie_same_site),
		.secure = scope.secure,
		.max_age_s = max_age_s };

	return cookie_write(out, &cookie, &h->problem);
}

enum pushcgi_result
pushcgi_cookie(struct pushcgi *h, char **out, const char *const *topics,
    size_t n, const char *payload, int64_t lifetime_s)
{
	int64_t token_s = lifetime_s != 0 ? lifetime_s : SESSION_LIFETIME_S;
	struct buf token, cookie;
	enum err e;

	buf_init(&token, JWS_TOKEN_MAX);
	buf_init(&cookie, SET_COOKIE_MAX);
	if ((e = handle_begin(h)) != ERR_OK)
		goto out;
	e = handle_subscriber_token(h, &token, topics, n, payload, token_s);
	if (e != ERR_OK)
		goto out;
	if ((e = token.err) != ERR_OK)
		goto out;
	e = write_cookie(h, &cookie, buf_view(&token), kept_for(lifetime_s));
out:
	buf_wipe(&token);
	return handle_end_text(h, out, &cookie, e);
}

static enum err
check_token(const char *token, int64_t lifetime_s, struct problem *p)
{
	if (token == NULL || token[0] == '\0')
		return problem_set(p, ERR_SYNTAX, "The token is empty.");
	if (lifetime_s < 0 || lifetime_s > HANDLE_LIFETIME_MAX_S)
		return problem_set(p, ERR_SYNTAX,
		    "The lifetime is not between 0 and 3155760000 seconds.");
	return ERR_OK;
}

enum pushcgi_result
pushcgi_cookie_from_token(
    struct pushcgi *h, char **out, const char *token, int64_t lifetime_s)
{
	struct buf cookie;
	enum err e;

	buf_init(&cookie, SET_COOKIE_MAX);
	if ((e = handle_begin(h)) != ERR_OK)
		goto out;
	if ((e = check_token(token, lifetime_s, &h->problem)) != ERR_OK)
		goto out;
	e = write_cookie(h, &cookie, slice_of(token), kept_for(lifetime_s));
out:
	return handle_end_text(h, out, &cookie, e);
}

enum pushcgi_result
pushcgi_clear_cookie(struct pushcgi *h, char **out)
{
	struct buf cookie;
	enum err e;

	buf_init(&cookie, SET_COOKIE_MAX);
	if ((e = handle_begin(h)) == ERR_OK)
		e = write_cookie(h, &cookie, slice_of(""), 0);
	return handle_end_text(h, out, &cookie, e);
}
