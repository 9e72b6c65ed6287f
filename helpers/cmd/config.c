/* SPDX-License-Identifier: MIT */
/* config.c - pushcgi config: the settings in force, as a file. */
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "lib/handle.h"

static const struct cmd_option options[] = {
	{ .name = "show-secrets",
	    .help = "print keys and tokens too: a complete file" },
	{ .name = "json", .help = "print a JSON object; a hidden key is null" },
	{ .name = NULL },
};

static enum err
config_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	const bool show_secrets = cmd_line_has(l, "show-secrets");

	(void)p;
	if (cmd_line_has(l, "json")) {
		config_dump_json(out, h->config, show_secrets);
		buf_byte(out, '\n');
	} else {
		config_dump(out, h->config, show_secrets);
	}
	return ERR_OK;
}

const struct cmd cmd_config = {
	.name = "config",
	.operands = "",
	.help = "Print the configuration in force.",
	.options = options,
	.configured = true,
	.run = config_run,
};
