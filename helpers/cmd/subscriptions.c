/* SPDX-License-Identifier: MIT */
/* subscriptions.c - pushcgi subscriptions: lists the active subscriptions. */
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "lib/listing.h"
#include "text/json.h"
#include "text/shown.h"

#define PAYLOAD_MAX (UINT32_C(1) << 20) /* more than a token has */

static const struct cmd_option options[] = {
	{ .name = "json", .help = "print the document of the hub's API" },
	{ .name = NULL },
};

static void
add_text(struct buf *out, const json_t *text)
{
	shown_add(out, json_slice(text));
	buf_byte(out, '\t');
}

static enum err
add_payload(struct buf *out, const json_t *payload)
{
	struct buf text;
	enum err e;

	buf_init(&text, PAYLOAD_MAX);
	if ((e = json_write(&text, payload)) == ERR_OK)
		shown_add(out, buf_view(&text));
	buf_free(&text);
	return e;
}

static enum err
add_line(struct buf *out, const json_t *subscription)
{
	const json_t *payload = json_object_get(subscription, "payload");
	enum err e = ERR_OK;

	add_text(out, json_object_get(subscription, "topic"));
	add_text(out, json_object_get(subscription, "subscriber"));
	if (payload == NULL)
		buf_byte(out, '-');
	else
		e = add_payload(out, payload);
	buf_byte(out, '\n');
	return e != ERR_OK ? e : out->err;
}

static enum err
add_lines(struct buf *out, struct slice document)
{
	json_t *json = NULL;
	const json_t *list;
	enum err e;

	e = json_parse_within(&json, document, HANDLE_LISTING_DEPTH_MAX);
	list = json_object_get(json, "subscriptions");
	for (size_t i = 0; e == ERR_OK && i < json_array_size(list); i++)
		e = add_line(out, json_array_get(list, i));
	json_decref(json);
	return e;
}

static enum err
subscriptions_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	const struct slice topic =
	    l->operands_n > 0 ? l->operands[0] : slice_of(NULL);
	struct buf document;
	enum err e;

	if (cmd_line_has(l, "json")) {
		e = handle_list_document(h, out, topic, p);
		buf_byte(out, '\n');
		return e;
	}
	buf_init(&document, out->max);
	e = handle_list_document(h, &document, topic, p);
	if (e == ERR_OK)
		e = add_lines(out, buf_view(&document));
	buf_free(&document);
	return e;
}

const struct cmd cmd_subscriptions = {
	.name = "subscriptions",
	.operands = "[TOPIC]",
	.operands_max = 1,
	.help = "Print the active subscriptions: all, or those to TOPIC.",
	.options = options,
	.configured = true,
	.answers = true,
	.run = subscriptions_run,
};
