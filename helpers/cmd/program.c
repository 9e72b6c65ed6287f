/* SPDX-License-Identifier: MIT */
/* program.c - the program: a command line, its configuration, its problem. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/list.h"
#include "lib/handle.h"

/* Does it need the configuration? */
static bool
is_configured(const struct cmd_line *l)
{
	return l->cmd != NULL && l->cmd->configured &&
	       !cmd_line_has(l, "help") && !cmd_line_has(l, "version");
}

static enum cmd_exit
answer(const struct cmd_line *l, struct problem *p)
{
	const char *file = cmd_line_text(l, "config").base;
	struct pushcgi h = { .is_program = true };
	enum cmd_exit status;
	enum err e = ERR_OK;

	if (is_configured(l))
		e = handle_load(&h, file, l->overrides, p);
	status = e == ERR_OK ? cmd_perform(l, &h, p) : cmd_give_up(l, e, p);
	handle_unload(&h);
	return status;
}

enum cmd_exit
cmd_program(int argc, char **argv)
{
	struct cmd_line *line = NULL;
	struct problem problem = { "" };
	enum cmd_exit status;
	enum err e = cmd_line_parse(&line, cmd_all, argc, argv, &problem);

	status = e == ERR_OK ? answer(line, &problem)
			     : cmd_give_up(NULL, e, &problem);
	if (status != CMD_OK && problem.text[0] != '\0')
		fprintf(stderr, "pushcgi: %s\n", problem.text);
	cmd_line_free(line);
	return status;
}
