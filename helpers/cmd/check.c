/* SPDX-License-Identifier: MIT */
/* check.c - pushcgi check: does the hub work, as browsers see it? */
#include <stdio.h>

#include "check/check.h"
#include "cmd/cmd.h"
#include "cmd/list.h"

static const struct cmd_option options[] = {
	{ .name = "json", .help = "print the report as JSON" },
	{ .name = "origin",
	    .value = "ORIGIN",
	    .help = "send requests as a page of ORIGIN does" },
	{ .name = "page",
	    .value = "URL",
	    .help = "check the cookie that this page sets" },
	{ .name = "quick",
	    .help = "leave out the checks that take half a minute" },
	{ .name = NULL },
};

static void
announce(const char *sentence)
{
	fprintf(stderr, "pushcgi: %s\n", sentence);
}

static enum err
run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	const struct check_options o = {
		.url = l->operands_n > 0 ? l->operands[0].base : NULL,
		.origin = cmd_line_text(l, "origin").base,
		.page = cmd_line_text(l, "page").base,
		.quick = cmd_line_has(l, "quick"),
		.announce = announce,
	};
	struct check_report *r = NULL;
	enum err e = check_run(&r, h, &o, p);

	if (e != ERR_OK) {
		/* Without a sentence it would pass for the answer "no". */
		if (p->text[0] == '\0')
			problem_set(p, e, "%s", err_text(e));
		return e;
	}
	if (cmd_line_has(l, "json"))
		check_report_write_json(out, r);
	else
		check_report_write(out, r);
	if (check_report_problems(r) > 0)
		e = ERR_NOTFOUND;
	check_report_free(r);
	return e;
}

const struct cmd cmd_check = {
	.name = "check",
	.operands = "[URL]",
	.operands_max = 1,
	.help = "Ask the hub like a browser, and print a fix for each problem.",
	.options = options,
	.configured = true,
	.asks = true,
	.run = run,
};
