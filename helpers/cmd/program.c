/* SPDX-License-Identifier: MIT */
/* program.c - runs one subcommand: its output, its problem, its exit code. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "lib/handle.h"

#define OUTPUT_MAX (UINT32_C(64) << 20) /* a list of all subscriptions */

static enum err
load_and_run(struct buf *out, const struct cmd_line *l, struct problem *p)
{
	const char *file = cmd_line_text(l, "config").base;
	struct pushcgi h = { .is_program = true };
	enum err e = ERR_OK;

	if (l->cmd->configured)
		e = handle_load(&h, file, l->overrides, p);
	if (e == ERR_OK)
		e = l->cmd->run(out, l, l->cmd->configured ? &h : NULL, p);
	handle_unload(&h);
	return e;
}

static enum err
run(struct buf *out, const struct cmd_line *l, struct problem *p)
{
	if (cmd_line_has(l, "help"))
		cmd_help(out, cmd_all, l->cmd);
	else if (cmd_line_has(l, "version"))
		buf_text(out, "pushcgi " PACKAGE_VERSION "\n");
	else
		return load_and_run(out, l, p);
	return ERR_OK;
}

/* One line, since it may be written to a log, and arguments that it quotes may
 * contain line breaks. */
static void
complain(enum err e, struct problem *p)
{
	char text[PROBLEM_MAX];
	size_t i;

	(void)handle_explain(e, p);
	snprintf(text, sizeof(text), "%s", p->text);
	for (i = 0; text[i] != '\0'; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	fprintf(stderr, "pushcgi: %s\n", text);
}

/* "No" is an answer, not a failure; see cmd_run. */
static bool
is_no(const struct cmd_line *l, enum err e, const struct problem *p)
{
	return e == ERR_NOTFOUND && l->cmd->asks && p->text[0] == '\0';
}

static enum cmd_exit
answer(const struct cmd_line *l)
{
	const enum cmd_exit failed =
	    l->cmd != NULL && l->cmd->asks ? CMD_UNKNOWN : CMD_FAILED;
	enum cmd_exit status = CMD_OK;
	struct problem problem = { "" };
	struct buf out;
	enum err e;

	buf_init(&out, OUTPUT_MAX);
	if (is_no(l, e = run(&out, l, &problem), &problem)) {
		status = CMD_NO;
		e = ERR_OK;
	}
	if (e == ERR_OK)
		e = out.err;
	if (e == ERR_OK)
		e = cmd_print(buf_view(&out), &problem);
	if (e != ERR_OK) {
		status = failed;
		complain(e, &problem);
	}
	buf_wipe(&out);
	return status;
}

enum cmd_exit
cmd_program(int argc, char **argv)
{
	struct cmd_line *line = NULL;
	struct problem problem = { "" };
	enum cmd_exit status;
	enum err e = cmd_line_parse(&line, cmd_all, argc, argv, &problem);

	if (e == ERR_OK) {
		status = answer(line);
	} else {
		status = e == ERR_SYNTAX ? CMD_USAGE : CMD_FAILED;
		complain(e, &problem);
	}
	cmd_line_free(line);
	return status;
}
