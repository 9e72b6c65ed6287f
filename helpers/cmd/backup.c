/* SPDX-License-Identifier: MIT */
/* backup.c - pushcgi backup: a copy of the queue while it is in use. */
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "config/queue.h"
#include "lib/handle.h"

static const struct cmd_option options[] = {
	{ .name = NULL },
};

static enum err
backup_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	const struct queue_settings settings = config_queue(h->config);
	enum err e;

	(void)out;
	if (handle_is_remote(h))
		return problem_set(p, ERR_UNSUPPORTED,
		    "The hub is on another machine (MERCURE_HUB_URL), and so "
		    "is its queue: run this there.");
	e = queue_backup(&settings, l->operands[0].base, p);
	return e == ERR_OK ? e : handle_queue_failed(h, e, p);
}

const struct cmd cmd_backup = {
	.name = "backup",
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.help = "Copy this machine's queue to FILE while it is in use.",
	.options = options,
	.configured = true,
	.run = backup_run,
};
