/* SPDX-License-Identifier: MIT */
/* cmd_config.c - pushcgi config: the settings in force, as a file. */
#include "cmd.h"
#include "handle.h"

static const struct cmd_option options[] = {
	{ .name = "show-secrets",
	    .help = "print keys and tokens too: a complete file" },
	{ .name = NULL },
};

static enum err
config_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct fault *f)
{
	(void)f;
	config_dump(out, h->config, cmd_line_has(l, "show-secrets"));
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
