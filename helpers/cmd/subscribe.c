/* SPDX-License-Identifier: MIT */
/* subscribe.c - pushcgi subscribe: updates on standard output, as they come. */
#include "cmd/follow.h"
#include "cmd/list.h"
#include "lib/handle.h"

#define TEXT_MAX (UINT32_C(256) << 20)

static const struct cmd_option options[] = {
	{ .name = "private", .help = "private updates, too" },
	{ .name = "last-event-id",
	    .value = "ID",
	    .help = "begin after the update with this id" },
	{ .name = "count",
	    .value = "N",
	    .number_max = UINT32_MAX,
	    .help = "end after N updates; default: 0, never" },
	{ .name = "json", .help = "print each as a line of JSON" },
	{ .name = NULL },
};

static enum err
subscribe_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	const uint64_t count = cmd_line_number(l, "count", 0);
	struct cmd_follow fo = { .h = h,
		.selectors = l->operands,
		.selectors_n = l->operands_n,
		.last_id = cmd_line_text(l, "last-event-id"),
		.private = cmd_line_has(l, "private"),
		.json = cmd_line_has(l, "json"),
		.left = count > 0 ? count : UINT64_MAX };
	enum err e;

	(void)out;
	buf_init(&fo.text, TEXT_MAX);
	e = handle_check_selectors(h, l->operands, l->operands_n, p);
	if (e == ERR_OK)
		e = handle_is_remote(h) ? cmd_follow_remote(&fo, p)
					: cmd_follow_here(&fo, p);
	buf_free(&fo.text);
	return e;
}

const struct cmd cmd_subscribe = {
	.name = "subscribe",
	.operands = "TOPIC ...",
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.help = "Print updates of TOPIC, or a URI Template, as they come.",
	.options = options,
	.configured = true,
	.run = subscribe_run,
};
