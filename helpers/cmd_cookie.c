/* SPDX-License-Identifier: MIT */
/* cmd_cookie.c - pushcgi cookie: lets a browser have private updates. */
#include "clock.h"
#include "cmd.h"
#include "cookie.h"
#include "jws.h"

/* The token in a cookie that lives until the browser is closed. */
#define SESSION_LIFETIME_S 3600

static const struct cmd_option options[] = {
	{ .name = "lifetime",
	    .value = "S",
	    .number_max = CMD_LIFETIME_MAX_S,
	    .help = "keep it S seconds; default: until the browser closes" },
	{ .name = NULL },
};

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

static enum err
cookie_run(struct buf *out, const struct cmd_line *l, const struct config *c,
    struct fault *f)
{
	const struct scope scope = scope_of(cmd_hub_url(c));
	uint64_t lifetime_s = cmd_line_number(l, "lifetime", 0);
	uint64_t token_s = lifetime_s > 0 ? lifetime_s : SESSION_LIFETIME_S;
	struct cookie cookie = { .name = slice_of(c->cookie_name),
		.path = scope.path,
		.same_site = slice_of(c->cookie_same_site),
		.secure = scope.secure,
		.max_age_s = lifetime_s > 0 ? (int64_t)lifetime_s : -1 };
	struct buf token;
	enum err e;

	buf_init(&token, JWS_TOKEN_MAX);
	e = cmd_mint_subscriber(&token, l->operands, l->operands_n,
	    clock_real_ms() / 1000 + (int64_t)token_s, c, f);
	if (e == ERR_OK) {
		cookie.value = buf_view(&token);
		e = cookie_write(out, &cookie, f);
		buf_byte(out, '\n');
	}
	buf_wipe(&token);
	return e;
}

const struct cmd cmd_cookie = {
	.name = "cookie",
	.operands = "TOPIC ...",
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.help = "Print a Set-Cookie value that allows private updates.",
	.options = options,
	.configured = true,
	.run = cookie_run,
};
