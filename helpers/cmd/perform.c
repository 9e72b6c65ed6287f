/* SPDX-License-Identifier: MIT */
/* perform.c - runs a subcommand, prints what it says, decides the exit code. */
#include "cmd/cmd.h"
#include "lib/handle.h"

#define OUTPUT_MAX (UINT32_C(64) << 20) /* a list of all subscriptions */

static enum err
run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	if (cmd_line_has(l, "help"))
		cmd_help(out, l->all, l->cmd);
	else if (cmd_line_has(l, "version"))
		buf_text(out, "pushcgi " PACKAGE_VERSION "\n");
	else
		return l->cmd->run(out, l, l->cmd->configured ? h : NULL, p);
	return ERR_OK;
}

/* One line, since it may be written to a log, and arguments that it quotes may
 * contain line breaks. */
static void
make_line(enum err e, struct problem *p)
{
	(void)handle_explain(e, p);
	for (size_t i = 0; p->text[i] != '\0'; i++)
		if ((unsigned char)p->text[i] < ' ' || p->text[i] == 0x7f)
			p->text[i] = '?';
}

enum cmd_exit
cmd_give_up(const struct cmd_line *l, enum err e, struct problem *p)
{
	make_line(e, p);
	if (l == NULL)
		return e == ERR_SYNTAX ? CMD_USAGE : CMD_FAILED;
	return l->cmd != NULL && l->cmd->asks ? CMD_UNKNOWN : CMD_FAILED;
}

/* "No" is an answer, not a failure; see cmd_run. */
static bool
is_no(const struct cmd_line *l, enum err e, const struct problem *p)
{
	return e == ERR_NOTFOUND && l->cmd->asks && p->text[0] == '\0';
}

/* The environment of a program that answers is that of the first request. */
static void
set_page(struct pushcgi *h, const struct cmd_line *l)
{
	h->page = cmd_line_text(l, "page");
	if (h->page.base == NULL && l->asked != NULL)
		h->page = slice_of("");
}

enum cmd_exit
cmd_perform(const struct cmd_line *l, struct pushcgi *h, struct problem *p)
{
	enum cmd_exit status = CMD_OK;
	struct buf out;
	enum err e;

	buf_init(&out, OUTPUT_MAX);
	if (h != NULL)
		set_page(h, l);
	if (is_no(l, e = run(&out, l, h, p), p)) {
		status = CMD_NO;
		e = ERR_OK;
	}
	if (e == ERR_OK)
		e = out.err;
	if (e == ERR_OK)
		e = cmd_print(l, buf_view(&out), p);
	if (e != ERR_OK)
		status = cmd_give_up(l, e, p);
	buf_wipe(&out);
	return status;
}
