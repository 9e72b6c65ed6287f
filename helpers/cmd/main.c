/* SPDX-License-Identifier: MIT */
/* main.c - the helper program: one subcommand, its output, an exit code. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sigbus.h"
#include "cmd/cmd.h"

#define OUTPUT_MAX (UINT32_C(64) << 20) /* a list of all subscriptions */

static const struct cmd *const commands[] = {
	&cmd_url,
	&cmd_link,
	&cmd_last_event_id,
	&cmd_cookie,
	&cmd_clear_cookie,
	&cmd_subscriber_jwt,
	&cmd_publisher_jwt,
	&cmd_token_explain,
	&cmd_publish,
	&cmd_subscribe,
	&cmd_subscriptions,
	&cmd_connected,
	&cmd_session,
	&cmd_backup,
	&cmd_gen_secret_key,
	&cmd_config,
	&cmd_snippet,
	&cmd_check,
	NULL,
};

/* With one of the three closed, the database or its sidecar would get its
 * number, and a warning would be written into it. */
static bool
descriptors_fill(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd >= 0 && close(fd) == 0;
}

static enum err
load_and_run(struct buf *out, const struct cmd_line *l, struct problem *p)
{
	const char *file = cmd_line_text(l, "config").base;
	struct pushcgi *h = NULL;
	enum err e = ERR_OK;

	if (l->cmd->configured)
		e = cmd_open(&h, file, l->overrides, p);
	if (e == ERR_OK)
		e = l->cmd->run(out, l, h, p);
	pushcgi_close(h);
	return e;
}

static enum err
run(struct buf *out, const struct cmd_line *l, struct problem *p)
{
	if (cmd_line_has(l, "help"))
		cmd_help(out, commands, l->cmd);
	else if (cmd_line_has(l, "version"))
		buf_text(out, "pushcgi " PACKAGE_VERSION "\n");
	else
		return load_and_run(out, l, p);
	return ERR_OK;
}

/* One line, whatever the arguments it quotes hold: it may land in a log. */
static void
complain(const struct problem *p, enum err e)
{
	char text[PROBLEM_MAX];
	size_t i;

	snprintf(text, sizeof(text), "%s",
	    p->text[0] != '\0' ? p->text : err_text(e));
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
		complain(&problem, e);
	}
	buf_wipe(&out);
	return status;
}

int
main(int argc, char **argv)
{
	struct cmd_line *line = NULL;
	struct problem problem = { "" };
	enum cmd_exit status;
	enum err e;

	if (!descriptors_fill())
		return CMD_FAILED;
	mem_keep_from_disk();
	sigbus_guard();
	e = cmd_line_parse(&line, commands, argc, argv, &problem);
	if (e == ERR_OK) {
		status = answer(line);
	} else {
		status = e == ERR_SYNTAX ? CMD_USAGE : CMD_FAILED;
		complain(&problem, e);
	}
	cmd_line_free(line);
	return (int)status;
}
