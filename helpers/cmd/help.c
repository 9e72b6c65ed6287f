/* SPDX-License-Identifier: MIT */
/* help.c - prints the tables of subcommands and options. */
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "config/config.h"

#define COLUMN 24 /* where the explanations begin */

/* Add `help` at its column behind what was added since `start`. */
static void
add_explanation(struct buf *out, size_t start, const char *help)
{
	size_t left = out->len - start;

	buf_printf(
	    out, "%*s%s\n", left < COLUMN ? (int)(COLUMN - left) : 1, "", help);
}

static void
add_row(struct buf *out, const char *name, const char *help)
{
	size_t start = out->len;

	buf_printf(out, "  %s", name);
	add_explanation(out, start, help);
}

static void
add_options(struct buf *out, const struct cmd_option *o)
{
	for (; o->name != NULL; o++) {
		size_t start = out->len;

		buf_text(out, "  ");
		if (o->letter != 0)
			buf_printf(out, "-%c, ", o->letter);
		buf_printf(out, "--%s", o->name);
		if (o->value != NULL)
			buf_printf(out, " %s", o->value);
		if (o->repeats)
			buf_text(out, " ...");
		add_explanation(out, start, o->help);
	}
}

static void
add_commands(struct buf *out, const struct cmd *const *commands)
{
	buf_text(out,
	    "usage: pushcgi SUBCOMMAND [OPTION ...] [ARGUMENT ...]\n\n"
	    "Publishes updates and makes the URLs, cookies and tokens that\n"
	    "subscribers of a pushcgi hub need.\n\nSubcommands:\n");
	for (; *commands != NULL; commands++)
		add_row(out, (*commands)->name, (*commands)->help);
	buf_text(out, "\npushcgi SUBCOMMAND --help explains one.\n"
		      "\nOptions, before the subcommand or after it:\n");
}

static void
add_command(struct buf *out, const struct cmd *cmd)
{
	buf_printf(out, "usage: pushcgi %s [OPTION ...]%s%s\n\n%s\n", cmd->name,
	    cmd->operands[0] == '\0' ? "" : " ", cmd->operands, cmd->help);
	if (cmd->options->name != NULL) {
		buf_text(out, "\nOptions:\n");
		add_options(out, cmd->options);
	}
	buf_text(out, "\nOptions of all subcommands:\n");
}

void
cmd_help(
    struct buf *out, const struct cmd *const *commands, const struct cmd *cmd)
{
	if (cmd == NULL)
		add_commands(out, commands);
	else
		add_command(out, cmd);
	add_options(out, cmd_globals);
	add_row(
	    out, "--KEY=VALUE", "set a key of pushcgi.conf(5), but no secret");
	add_row(out, "--", "only arguments follow, no options");
	if (cmd == &cmd_config) {
		buf_text(out, "\nKeys:\n");
		config_help(out);
	}
}
