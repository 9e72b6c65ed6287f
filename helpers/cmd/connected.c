/* SPDX-License-Identifier: MIT */
/* connected.c - pushcgi connected: does anybody subscribe? */
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "lib/listing.h"

static const struct cmd_option options[] = {
	{ .name = "count", .help = "print how many there are" },
	{ .name = "json", .help = "print the answer as JSON" },
	{ .name = NULL },
};

static enum err
connected_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	uint64_t found = 0;
	enum err e = handle_connected(
	    h, &found, l->operands[0], l->operands + 1, l->operands_n - 1, p);

	if (e == ERR_OK && cmd_line_has(l, "json"))
		buf_printf(out, "{\"connected\":%s,\"count\":%llu}\n",
		    found > 0 ? "true" : "false", (unsigned long long)found);
	else if (e == ERR_OK && cmd_line_has(l, "count"))
		buf_printf(out, "%llu\n", (unsigned long long)found);
	if (e == ERR_OK && found == 0)
		e = ERR_NOTFOUND;
	return e;
}

const struct cmd cmd_connected = {
	.name = "connected",
	.operands = "TOPIC [KEY=VALUE ...]",
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.help = "Exit with 0 if somebody subscribes to TOPIC, else 1.",
	.options = options,
	.configured = true,
	.answers = true,
	.asks = true,
	.run = connected_run,
};
