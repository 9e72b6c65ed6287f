/* SPDX-License-Identifier: MIT */
/* cmd_link.c - pushcgi link: the header that leads subscribers to the hub. */
#include "cmd.h"

static const struct cmd_option options[] = {
	{ .name = "last-event-id",
	    .value = "ID",
	    .help = "tell this id as the last one" },
	{ .name = NULL },
};

static enum err
link_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct fault *f)
{
	char *link = NULL;
	enum err e = cmd_end(h,
	    pushcgi_link(h, &link, cmd_line_text(l, "last-event-id").base), f);

	if (e == ERR_OK)
		cmd_add_line(out, link);
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
