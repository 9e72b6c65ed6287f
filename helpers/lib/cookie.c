/* SPDX-License-Identifier: MIT */
/* cookie.c - the cookie that lets a browser receive private updates. */
#include "text/cookie.h"
#include "jose/jws.h"
#include "lib/token.h"

/* The token in a cookie that lives until the browser is closed. */
#define SESSION_LIFETIME_S 3600

/* The cookie outlives its token by this: an expired token is answered with 401,
 * but a browser without a cookie would silently become anonymous and receive
 * no private updates. */
#define GRACE_S 300

/* The path in the hub's URL, which may be a path already. */
static struct slice
path_of(struct slice url)
{
	struct slice rest = url, part;

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
	return rest.len > 0 ? rest : slice_of("/");
}

static int64_t
max_age_of(int64_t lifetime_s)
{
	return lifetime_s > 0 ? lifetime_s + GRACE_S : -1;
}

/* Add the cookie with this value; `max_age_s` as in cookie.h. */
static enum err
write_cookie(struct pushcgi *h, struct buf *out, struct slice value,
    int64_t max_age_s, struct problem *p)
{
	const struct config *c = h->config;
	const struct cookie cookie = { .name = slice_of(c->cookie_name),
		.value = value,
		.path = path_of(handle_hub_url(h)),
		.domain = slice_of(c->cookie_domain),
		.same_site = slice_of(c->cookie_same_site),
		.secure = !handle_hub_is_plain(h),
		.partitioned = c->cookie_partitioned,
		.max_age_s = max_age_s };

	if (c->cookie_partitioned && strcmp(c->cookie_same_site, "None") != 0)
		return problem_set(p, ERR_SYNTAX,
		    "MERCURE_COOKIE_PARTITIONED = true needs "
		    "MERCURE_COOKIE_SAMESITE = None.");
	return cookie_write(out, &cookie, p);
}

enum err
handle_cookie(struct pushcgi *h, struct buf *out, const struct slice *selectors,
    size_t n, struct slice payload, int64_t lifetime_s, struct problem *p)
{
	int64_t token_s = lifetime_s != 0 ? lifetime_s : SESSION_LIFETIME_S;
	struct buf token;
	enum err e;

	buf_init(&token, JWS_TOKEN_MAX);
	e = handle_subscriber_token(
	    h, &token, selectors, n, payload, token_s, p);
	if (e == ERR_OK)
		e = write_cookie(
		    h, out, buf_view(&token), max_age_of(lifetime_s), p);
	buf_wipe(&token);
	return e;
}

enum err
handle_cookie_from_token(struct pushcgi *h, struct buf *out, struct slice token,
    int64_t lifetime_s, struct problem *p)
{
	if (token.len == 0)
		return problem_set(p, ERR_SYNTAX, "The token is empty.");
	if (lifetime_s < 0 || lifetime_s > HANDLE_LIFETIME_MAX_S)
		return problem_set(p, ERR_SYNTAX,
		    "The lifetime is not between 0 and 3155760000 seconds.");
	return write_cookie(h, out, token, max_age_of(lifetime_s), p);
}

enum err
handle_clear_cookie(struct pushcgi *h, struct buf *out, struct problem *p)
{
	return write_cookie(h, out, slice_of(""), 0, p);
}
