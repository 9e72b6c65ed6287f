/* SPDX-License-Identifier: MIT */
/* follow_print.c - an update as pushcgi subscribe prints it. */
#include "base/utf8.h"
#include "cmd/follow.h"
#include "match/topic_list.h"
#include "text/json.h"
#include "text/shown.h"

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

/* A stream of a remote hub has neither the topics nor whether it is private. */
static void
add_topics(struct buf *out, const struct update *u)
{
	struct slice rest = u->topics, topic;

	if (u->topics.base == NULL) {
		buf_text(out, "-\t-");
		return;
	}
	buf_text(out, u->private ? "private" : "public");
	while (topic_list_next(&rest, &topic)) {
		buf_byte(out, '\t');
		shown_add(out, topic);
	}
}

/* For people: its id, type and topics, and its data, each line behind a tab. */
static void
add_lines(struct buf *out, const struct update *u)
{
	struct slice rest = u->data.base != NULL ? u->data : slice_of("");
	struct slice line;

	shown_add(out, u->id.len > 0 ? u->id : slice_of("-"));
	buf_byte(out, '\t');
	shown_add(out, u->type.len > 0 ? u->type : slice_of("message"));
	buf_byte(out, '\t');
	add_topics(out, u);
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
		e = cmd_print(NULL, buf_view(&fo->text), p);
	else
		(void)problem_set(
		    p, e, "An update cannot be printed: %s.", err_text(e));
	buf_clear(&fo->text);
	return e;
}
