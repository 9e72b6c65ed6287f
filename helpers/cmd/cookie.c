/* SPDX-License-Identifier: MIT */
/* cookie.c - pushcgi cookie, clear-cookie: cookies for private updates. */
#include <stdlib.h>
#include <strings.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "jose/jws.h"
#include "lib/page.h"
#include "lib/token.h"

static const struct cmd_option options[] = {
	{ .name = "lifetime",
	    .value = "S",
	    .number_max = CMD_LIFETIME_MAX_S,
	    .help = "expire in S seconds; default: when the browser closes" },
	{ .name = "payload",
	    .value = "JSON",
	    .help = "what the hub shows with the subscription" },
	CMD_OPTION_PAGE,
	{ .name = "token", .help = "use the token on standard input" },
	{ .name = NULL },
};

static const struct cmd_option clear_options[] = {
	CMD_OPTION_PAGE,
	{ .name = NULL },
};

static enum err
check_source(const struct cmd_line *l, struct problem *p)
{
	bool given = cmd_line_has(l, "token");

	if (!given && l->operands_n == 0)
		return problem_set(p, ERR_SYNTAX,
		    "Something is missing: pushcgi cookie TOPIC ...");
	if (given && l->operands_n > 0)
		return problem_set(p, ERR_SYNTAX,
		    "A topic and --token exclude each other: the token says "
		    "it.");
	if (given && cmd_line_has(l, "payload"))
		return problem_set(p, ERR_SYNTAX,
		    "--payload and --token exclude each other: the token says "
		    "it.");
	return ERR_OK;
}

static enum err
cookie_from_input(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    int64_t lifetime_s, struct problem *p)
{
	struct buf in;
	enum err e;

	buf_init(&in, JWS_TOKEN_MAX + 1024);
	if ((e = cmd_read_all(l, &in, p)) == ERR_LIMIT)
		e = problem_set(p, e, "The token is too long.");
	while (in.len > 0 && (unsigned char)in.base[in.len - 1] <= ' ')
		buf_truncate(&in, in.len - 1);
	if (e == ERR_OK)
		e = handle_cookie_from_token(
		    h, out, buf_view(&in), lifetime_s, p);
	buf_wipe(&in);
	return e;
}

/* Browsers keep a Secure cookie that comes from their own machine by http. */
static bool
is_this_machine(void)
{
	const char *host = getenv("HTTP_HOST");

	return host != NULL && (strncasecmp(host, "localhost", 9) == 0 ||
				   strncmp(host, "127.", 4) == 0 ||
				   strncmp(host, "[::1]", 5) == 0);
}

/* A CGI script that was requested by http gets a cookie which the browser will
 * drop.  Its log is the only place where anybody sees this. */
static void
warn_of_http(struct slice cookie)
{
	if (getenv("REQUEST_METHOD") == NULL ||
	    memmem(cookie.base, cookie.len, "; Secure", 8) == NULL ||
	    page_came_by_https() || is_this_machine())
		return;
	log_warn("cookie for https only",
	    LOG_TEXT("reason", "this page came by http, so browsers drop it"),
	    LOG_TEXT("hint",
		"serve the page by https, or set MERCURE_PUBLIC_HUB_URL to "
		"the http:// URL of the hub; a proxy that ends https must "
		"send X-Forwarded-Proto"));
}

static enum err
cookie_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	const int64_t lifetime_s = (int64_t)cmd_line_number(l, "lifetime", 0);
	enum err e;

	e = cmd_line_has(l, "token")
		? cookie_from_input(out, l, h, lifetime_s, p)
		: handle_cookie(h, out, l->operands, l->operands_n,
		      cmd_line_text(l, "payload"), lifetime_s, p);
	if (e == ERR_OK)
		warn_of_http(buf_view(out));
	buf_byte(out, '\n');
	return e;
}

static enum err
clear_cookie_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	enum err e = handle_clear_cookie(h, out, p);

	(void)l;
	buf_byte(out, '\n');
	return e;
}

const struct cmd cmd_cookie = {
	.name = "cookie",
	.operands = "TOPIC ...",
	.operands_max = SIZE_MAX,
	.help = "Print a Set-Cookie value that allows private updates.",
	.options = options,
	.configured = true,
	.answers = true,
	.check = check_source,
	.run = cookie_run,
};

const struct cmd cmd_clear_cookie = {
	.name = "clear-cookie",
	.operands = "",
	.help = "Print a Set-Cookie value that removes the cookie.",
	.options = clear_options,
	.configured = true,
	.answers = true,
	.run = clear_cookie_run,
};
