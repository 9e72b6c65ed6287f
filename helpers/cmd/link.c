/* SPDX-License-Identifier: MIT */
/* link.c - pushcgi link, last-event-id: where the hub is, and how far. */
#include "lib/link.h"
#include "cmd/cmd.h"
#include "cmd/list.h"

static const struct cmd_option options[] = {
	{ .name = "last-event-id",
	    .value = "ID",
	    .help = "name this id as the last one" },
	CMD_OPTION_PAGE,
	{ .name = NULL },
};

static const struct cmd_option no_options[] = {
	{ .name = NULL },
};

static enum err
link_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	enum err e = handle_link(h, out, cmd_line_text(l, "last-event-id"), p);

	buf_byte(out, '\n');
	return e;
}

static enum err
last_event_id_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	enum err e = handle_last_event_id(h, out, p);

	(void)l;
	buf_byte(out, '\n');
	return e;
}

const struct cmd cmd_link = {
	.name = "link",
	.operands = "",
	.help = "Print the value of a Link header that names the hub.",
	.options = options,
	.configured = true,
	.answers = true,
	.run = link_run,
};

const struct cmd cmd_last_event_id = {
	.name = "last-event-id",
	.operands = "",
	.help = "Print the id of the queue's end.",
	.options = no_options,
	.configured = true,
	.answers = true,
	.run = last_event_id_run,
};
