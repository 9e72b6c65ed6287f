/* SPDX-License-Identifier: MIT */
/* url.c - pushcgi url: the address a page gives to its EventSource. */
#include "base/mem.h"
#include "cmd/cmd.h"

static const struct cmd_option options[] = {
	{ .name = "last-event-id",
	    .value = "ID",
	    .help = "start behind the update with this id" },
	{ .name = NULL },
};

static enum err
url_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	const char **topics = NULL;
	char *url = NULL;
	enum err e;

	e = cmd_texts(&topics, l->operands, l->operands_n, p);
	if (e == ERR_OK)
		e = cmd_end(h,
		    pushcgi_hub_url(h, &url, topics, l->operands_n,
			cmd_line_text(l, "last-event-id").base),
		    p);
	if (e == ERR_OK)
		cmd_add_line(out, url);
	mem_free(topics);
	return e;
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
