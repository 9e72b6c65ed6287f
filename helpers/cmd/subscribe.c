/* SPDX-License-Identifier: MIT */
/* subscribe.c - pushcgi subscribe: updates on standard output, as they come. */
#include "base/utf8.h"
#include "cmd/follow.h"
#include "cmd/list.h"
#include "lib/handle.h"
#include "match/topic_list.h"
#include "text/json.h"
#include "text/shown.h"

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

/* Only a remote hub could send other than UTF-8. */
static void
add_json(struct buf *out, const char *name, struct slice text)
{
	buf_text(out, name);
	if (utf8_valid(text)) {
		json_write_text(out, text);
		return;
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		const struct slice c = { text.base + i, 1 };
		const char plain = *c.base;

		buf_byte(out,
		    plain < ' ' || plain == '"' || plain == '\\' ? '?' : plain);
	}
	buf_byte(out, '"');
}

/* The fields of a line that publish --batch reads. */
static void
add_line(struct buf *out, const struct update *u)
{
	struct slice rest = u->topics, topic;
	const char *mark = ",\"topic\":[";

	add_json(out, "{\"id\":", u->id);
	while (topic_list_next(&rest, &topic)) {
		add_json(out, mark, topic);
		mark = ",";
	}
	if (u->topics.base != NULL)
		buf_byte(out, ']');
	if (u->type.len > 0)
		add_json(out, ",\"type\":", u->type);
	if (u->private)
		buf_text(out, ",\"private\":true");
	add_json(
	    out, ",\"data\":", u->data.base != NULL ? u->data : slice_of(""));
	buf_text(out, "}\n");
}

/* For people: its id and type, and its data, each line behind a tab. */
static void
add_lines(struct buf *out, const struct update *u)
{
	struct slice rest = u->data.base != NULL ? u->data : slice_of("");
	struct slice line;

	shown_add(out, u->id.len > 0 ? u->id : slice_of("-"));
	buf_byte(out, '\t');
	shown_add(out, u->type.len > 0 ? u->type : slice_of("message"));
	buf_byte(out, '\n');
	while (slice_cut(&rest, '\n', &line)) {
		buf_byte(out, '\t');
		shown_add(out, line);
		buf_byte(out, '\n');
	}
}

void
cmd_follow_add(struct cmd_follow *fo, const struct update *u)
{
	if (fo->left == 0)
		return;
	if (fo->left != UINT64_MAX)
		fo->left--;
	if (fo->json)
		add_line(&fo->text, u);
	else
		add_lines(&fo->text, u);
}

enum err
cmd_follow_print(struct cmd_follow *fo, struct problem *p)
{
	enum err e = fo->text.err;

	if (e == ERR_OK)
		e = cmd_print(buf_view(&fo->text), p);
	else
		(void)problem_set(
		    p, e, "An update cannot be printed: %s.", err_text(e));
	buf_clear(&fo->text);
	return e;
}

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
