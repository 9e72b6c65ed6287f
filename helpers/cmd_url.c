/* SPDX-License-Identifier: MIT */
/* cmd_url.c - pushcgi url: the address a page gives to its EventSource. */
#include "cmd.h"
#include "discovery.h"

static const struct cmd_option options[] = {
	{ .name = "last-event-id",
	    .value = "ID",
	    .help = "start behind the update with this id" },
	{ .name = NULL },
};

static enum err
url_run(struct buf *out, const struct cmd_line *l, const struct config *c,
    struct fault *f)
{
	enum err e = cmd_check_selectors(l->operands, l->operands_n, c, f);

	if (e != ERR_OK)
		return e;
	discovery_url(out, cmd_hub_url(c), l->operands, l->operands_n,
	    cmd_line_text(l, "last-event-id"));
	buf_byte(out, '\n');
	return ERR_OK;
}

const struct cmd cmd_url = {
	.name = "url",
	.operands = "[TOPIC ...]",
	.operands_max = SIZE_MAX,
	.help = "Print the URL at which updates of the topics arrive.",
	.options = options,
	.configured = true,
	.run = url_run,
};
