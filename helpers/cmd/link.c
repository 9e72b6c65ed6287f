/* SPDX-License-Identifier: MIT */
/* link.c - pushcgi link, last-event-id: where the hub is, and how far. */
#include "cmd/cmd.h"

static const struct cmd_option options[] = {
	{ .name = "last-event-id",
	    .value = "ID",
	    .help = "name this id as the last one" },
	{ .name = NULL },
};

static const struct cmd_option no_options[] = {
	{ .name = NULL },
};

static enum err
link_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	char *link = NULL;
	enum err e = cmd_end(h,
	    pushcgi_link(h, &link, cmd_line_text(l, "last-event-id").base), p);

	if (e == ERR_OK)
		cmd_add_line(out, link);
	return e;
}

static enum err
last_event_id_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	char *id = NULL;
	enum err e = cmd_end(h, pushcgi_last_event_id(h, &id), p);

	(void)l;
	if (e == ERR_OK)
		cmd_add_line(out, id);
	return e;
}

const struct cmd cmd_link = {
	.name = "link",
	.operands = "",
	.help = "Print the value of a Link header that names the hub.",
	.options = options,
	.configured = true,
	.run = link_run,
};

const struct cmd cmd_last_event_id = {
	.name = "last-event-id",
	.operands = "",
	.help = "Print the id of the queue's end.",
	.options = no_options,
	.configured = true,
	.run = last_event_id_run,
};
