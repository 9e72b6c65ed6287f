/* SPDX-License-Identifier: MIT */
/* cmd_cookie.c - pushcgi cookie, clear-cookie: a browser's right to private updates. */
#include "cmd.h"
#include "mem.h"

static const struct cmd_option options[] = {
	{ .name = "lifetime",
	    .value = "S",
	    .number_max = CMD_LIFETIME_MAX_S,
	    .help = "keep it S seconds; default: until the browser closes" },
	{ .name = NULL },
};

static const struct cmd_option no_options[] = {
	{ .name = NULL },
};

static enum err
cookie_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct fault *f)
{
	int64_t lifetime_s = (int64_t)cmd_line_number(l, "lifetime", 0);
	const char **topics = NULL;
	char *cookie = NULL;
	enum err e;

	e = cmd_texts(&topics, l->operands, l->operands_n, f);
	if (e == ERR_OK)
		e = cmd_end(h,
		    pushcgi_cookie(
			h, &cookie, topics, l->operands_n, NULL, lifetime_s),
		    f);
	if (e == ERR_OK)
		cmd_add_line(out, cookie);
	mem_free(topics);
	return e;
}

static enum err
clear_cookie_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct fault *f)
{
	char *cookie = NULL;
	enum err e = cmd_end(h, pushcgi_clear_cookie(h, &cookie), f);

	(void)l;
	if (e == ERR_OK)
		cmd_add_line(out, cookie);
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

const struct cmd cmd_clear_cookie = {
	.name = "clear-cookie",
	.operands = "",
	.help = "Print a Set-Cookie value that takes the cookie away.",
	.options = no_options,
	.configured = true,
	.run = clear_cookie_run,
};
