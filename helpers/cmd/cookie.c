/* SPDX-License-Identifier: MIT */
/* cookie.c - pushcgi cookie, clear-cookie: a browser's right to private updates. */
#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "jose/jws.h"

static const struct cmd_option options[] = {
	{ .name = "lifetime",
	    .value = "S",
	    .number_max = CMD_LIFETIME_MAX_S,
	    .help = "keep it S seconds; default: until the browser closes" },
	{ .name = "payload",
	    .value = "JSON",
	    .help = "what the hub shows with the subscription" },
	{ .name = "token", .help = "put the token on standard input into it" },
	{ .name = NULL },
};

static const struct cmd_option no_options[] = {
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

/* All of standard input without the line break at its end. */
static enum err
read_token(struct buf *in, struct problem *p)
{
	ssize_t n = 0;

	do {
		char *room = buf_grow(in, 512);

		if (room == NULL)
			break;
		n = read(STDIN_FILENO, room, 512);
		buf_truncate(in, in->len - 512 + (n > 0 ? (size_t)n : 0));
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (in->err == ERR_LIMIT)
		return problem_set(p, ERR_LIMIT, "The token is too long.");
	if (in->err == ERR_OK && n < 0)
		return problem_set(
		    p, ERR_IO, "The token cannot be read from standard input.");
	while (in->len > 0 && (unsigned char)in->base[in->len - 1] <= ' ')
		buf_truncate(in, in->len - 1);
	return in->err;
}

static enum err
cookie_from_token(
    struct pushcgi *h, char **out, int64_t lifetime_s, struct problem *p)
{
	struct buf in;
	char *token = NULL;
	enum err e;

	buf_init(&in, JWS_TOKEN_MAX + 1024);
	if ((e = read_token(&in, p)) != ERR_OK)
		goto out;
	if ((token = mem_text(buf_view(&in))) == NULL) {
		e = problem_set(p, ERR_NOMEM, "Out of memory.");
		goto out;
	}
	e = cmd_end(h, pushcgi_cookie_from_token(h, out, token, lifetime_s), p);
out:
	if (token != NULL)
		mem_wipe_free(token, strlen(token));
	buf_wipe(&in);
	return e;
}

static enum err
cookie_from_topics(struct pushcgi *h, char **out, const struct cmd_line *l,
    int64_t lifetime_s, struct problem *p)
{
	const char **topics = NULL;
	enum err e;

	e = cmd_texts(&topics, l->operands, l->operands_n, p);
	if (e == ERR_OK)
		e = cmd_end(h,
		    pushcgi_cookie(h, out, topics, l->operands_n,
			cmd_line_text(l, "payload").base, lifetime_s),
		    p);
	mem_free(topics);
	return e;
}

static enum err
cookie_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	int64_t lifetime_s = (int64_t)cmd_line_number(l, "lifetime", 0);
	char *cookie = NULL;
	enum err e;

	e = cmd_line_has(l, "token")
		? cookie_from_token(h, &cookie, lifetime_s, p)
		: cookie_from_topics(h, &cookie, l, lifetime_s, p);
	if (e == ERR_OK)
		cmd_add_line(out, cookie);
	return e;
}

static enum err
clear_cookie_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	char *cookie = NULL;
	enum err e = cmd_end(h, pushcgi_clear_cookie(h, &cookie), p);

	(void)l;
	if (e == ERR_OK)
		cmd_add_line(out, cookie);
	return e;
}

const struct cmd cmd_cookie = {
	.name = "cookie",
	.operands = "TOPIC ...",
	.operands_max = SIZE_MAX,
	.help = "Print a Set-Cookie value that allows private updates.",
	.options = options,
	.configured = true,
	.check = check_source,
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
