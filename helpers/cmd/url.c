/* SPDX-License-Identifier: MIT */
/* url.c - pushcgi url: the address a page gives to its EventSource. */
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "lib/link.h"

static const struct cmd_option options[] = {
	{ .name = "last-event-id",
	    .value = "ID",
	    .help = "start after the update with this id" },
	CMD_OPTION_PAGE,
	{ .name = NULL },
};

static enum err
url_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	enum err e = handle_url(h, out, l->operands, l->operands_n,
	    cmd_line_text(l, "last-event-id"), p);

	buf_byte(out, '\n');
	return e;
}

const struct cmd cmd_url = {
	.name = "url",
	.operands = "[TOPIC ...]",
	.operands_max = SIZE_MAX,
	.help = "Print the URL at which updates of the topics arrive.",
	.options = options,
	.configured = true,
	.answers = true,
	.run = url_run,
};
