/* SPDX-License-Identifier: MIT */
/* count.c - pushcgi count: how many have a topic open? */
#include "lib/count.h"
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "mercure/count.h"

static const struct cmd_option options[] = {
	{ .name = "json", .help = "print a JSON object for each topic" },
	{ .name = NULL },
};

static enum err
count_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	const bool as_json = cmd_line_has(l, "json");
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < l->operands_n; i++) {
		uint64_t n = 0;

		if ((e = handle_count(h, &n, l->operands[i], p)) != ERR_OK)
			break;
		if (as_json)
			count_document(out, l->operands[i], n);
		else
			buf_printf(out, "%llu", (unsigned long long)n);
		buf_byte(out, '\n');
		e = out->err;
	}
	return e;
}

const struct cmd cmd_count = {
	.name = "count",
	.operands = "TOPIC ...",
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.help = "Print how many have each TOPIC open.",
	.options = options,
	.configured = true,
	.answers = true,
	.run = count_run,
};
